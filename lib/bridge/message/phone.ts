/** A phone number as people and CRMs write it, in E.164; null when it cannot be one. Keeps nothing but digits. */
export function parsePhone(text: string | null): string | null {
  if (text === null) return null
  const digits = text.replace(/^\s*00/, '').replace(/\D/g, '')
  return digits.length >= 6 && digits.length <= 15 ? `+${digits}` : null
}
