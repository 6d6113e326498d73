'use client'

import { Unplug } from 'lucide-react'
import { useTranslations } from 'use-intl'

export function OutsideCrm() {
  const t = useTranslations('outside')
  return (
    <main className="mx-auto flex min-h-dvh max-w-md flex-col justify-center gap-4 px-6 py-12">
      <Unplug aria-hidden className="text-accent size-8" />
      <h1 className="text-2xl font-semibold text-balance">{t('title')}</h1>
      <p className="text-muted text-base text-pretty">{t('what')}</p>
      <p className="text-muted text-base text-pretty">{t('how')}</p>
    </main>
  )
}
