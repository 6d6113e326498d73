/**
 * The same line under two numbers: countries that added a digit to mobile numbers, while WhatsApp, phones and CRMs still
 * write either. One row per spelling.
 */
const spellings: readonly { country: string; from: RegExp; to: (...parts: string[]) => string }[] = [
  // Brazil: a ninth digit before mobile numbers, which begin with 6 to 9 without it.
  { country: 'BR', from: /^\+55(\d{2})9([6-9]\d{7})$/, to: (area, line) => `+55${area}${line}` },
  { country: 'BR', from: /^\+55(\d{2})([6-9]\d{7})$/, to: (area, line) => `+55${area}9${line}` },
  // Mexico: a 1 after the country code for mobiles, given up in 2019.
  { country: 'MX', from: /^\+521([2-9]\d{9})$/, to: (line) => `+52${line}` },
  { country: 'MX', from: /^\+52([2-9]\d{9})$/, to: (line) => `+521${line}` },
  // Argentina: a 9 after the country code for mobiles.
  { country: 'AR', from: /^\+549([1-3]\d{9})$/, to: (line) => `+54${line}` },
  { country: 'AR', from: /^\+54([1-3]\d{9})$/, to: (line) => `+549${line}` },
]

/** Other numbers of the same line; not the given one. */
export function phoneVariants(phone: string): string[] {
  return spellings.flatMap(({ from, to }) => {
    const match = from.exec(phone)
    return match ? [to(...match.slice(1))] : []
  })
}
