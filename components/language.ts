export const languages = ['en', 'es', 'pt'] as const
export type Language = (typeof languages)[number]

/** The first language of an Accept-Language header that we speak, by its weights; English otherwise. */
export function pickLanguage(acceptLanguage: string | null): Language {
  const wanted = (acceptLanguage ?? '')
    .split(',')
    .map((entry) => {
      const [tag = '', ...parameters] = entry.trim().toLowerCase().split(';')
      const quality = parameters.map((parameter) => /^\s*q=([\d.]+)$/.exec(parameter)?.[1]).find(Boolean)
      return { code: tag.split('-')[0], quality: quality === undefined ? 1 : Number(quality) }
    })
    .sort((a, b) => b.quality - a.quality)
  for (const { code, quality } of wanted) {
    const language = languages.find((known) => known === code)
    if (language && quality > 0) return language
  }
  return 'en'
}
