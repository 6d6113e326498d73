'use client'

import { useMutation } from '@tanstack/react-query'
import { ExternalLink, LogOut } from 'lucide-react'
import { useTranslations } from 'use-intl'
import { Problem } from './notice'
import { useSignedIn } from './signed-in'
import { Button } from './ui/button'

/** Carries the person into a tab of its own by a code that works once. */
export function OpenInTab() {
  const t = useTranslations('common')
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
  if (!isFramed) return <SignOut />
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
      <Problem error={opening.error} />
    </div>
  )
}

/** Where the browser's own session speaks: ends it, for this browser and for whoever has its cookie. */
function SignOut() {
  const t = useTranslations('common')
  const leaving = useMutation({
    async mutationFn() {
      const { csrfToken } = (await (await fetch('/api/auth/csrf')).json()) as { csrfToken: string }
      const body = new URLSearchParams({ csrfToken, json: 'true' })
      const answer = await fetch('/api/auth/signout', { method: 'POST', body })
      if (!answer.ok) throw new Error('not signed out')
      window.location.replace('/')
    },
  })
  return (
    <div className="flex flex-col items-end gap-1">
      <Button variant="quiet" size="small" disabled={leaving.isPending} onClick={() => leaving.mutate()}>
        <LogOut aria-hidden />
        {t('signOut')}
      </Button>
      <Problem error={leaving.error} />
    </div>
  )
}
