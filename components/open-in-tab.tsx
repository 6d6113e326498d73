'use client'

import { useMutation } from '@tanstack/react-query'
import { ExternalLink } from 'lucide-react'
import { useTranslations } from 'use-intl'
import { useErrorText } from './notice'
import { useSignedIn } from './signed-in'
import { Button } from './ui/button'

/** Carries the person into a tab of its own by a code that works once. */
export function OpenInTab() {
  const t = useTranslations('common')
  const errorText = useErrorText()
  const { api, isFramed } = useSignedIn()
  const opening = useMutation({
    mutationFn: async (tab: Window | null) => {
      try {
        const { url } = await api.tabCode()
        if (tab) tab.location.replace(url)
      } catch (error) {
        tab?.close()
        throw error
      }
    },
  })
  if (!isFramed) return null
  return (
    <div className="flex flex-col items-end gap-1">
      <Button
        variant="quiet"
        size="small"
        disabled={opening.isPending}
        onClick={() => {
          // Opened while the click lasts: afterwards browsers take it for a pop-up.
          const tab = window.open('', '_blank')
          if (tab) tab.opener = null
          opening.mutate(tab)
        }}
      >
        <ExternalLink aria-hidden />
        {t('openInTab')}
      </Button>
      {opening.error && (
        <p role="alert" className="text-bad">
          {errorText(opening.error)}
        </p>
      )}
    </div>
  )
}
