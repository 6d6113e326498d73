/** Groups of three from the end are readable everywhere; the country's own grouping is not known here. */
export function formatPhone(phone: string): string {
  const digits = phone.replace(/\D/g, '')
  return `+${digits.replace(/\B(?=(\d{3})+$)/g, ' ')}`
}
