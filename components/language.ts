export const languages = ['en', 'es', 'pt'] as const
export type Language = (typeof languages)[number]

export interface Choice {
  language: Language
  /** With the reader's region where it was given: dates differ within a language. */
  locale: string
}

/** The first language of an Accept-Language header that we speak, by its weights; English otherwise. */
export function pickLanguage(acceptLanguage: string | null): Choice {
  const wanted = (acceptLanguage ?? '')
    .split(',')
    .map((entry) => {
      const [tag = '', ...parameters] = entry.trim().split(';')
      const quality = parameters.map((parameter) => /^\s*q=([\d.]+)$/.exec(parameter)?.[1]).find(Boolean)
      return { tag, code: tag.toLowerCase().split('-')[0], quality: quality === undefined ? 1 : Number(quality) }
    })
    .sort((a, b) => b.quality - a.quality)
  for (const { tag, code, quality } of wanted) {
    const language = languages.find((known) => known === code)
    if (language && quality > 0) return { language, locale: /^[a-z]{2}-[A-Za-z]{2}$/.test(tag) ? tag : language }
  }
  return { language: 'en', locale: 'en' }
}
