'use client'

import { useEffect, useState } from 'react'
import { useFormatter, useTranslations } from 'use-intl'
import { useSignedIn } from './signed-in'
import { Tooltip } from './ui/tooltip'

const everyMs = 20_000

/** How long ago; exactly when, on hover and focus. */
export function Ago({ iso }: { iso: string }) {
  const t = useTranslations('common')
  const format = useFormatter()
  const { api } = useSignedIn()
  const [now, setNow] = useState(() => api.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(api.now()), everyMs)
    return () => clearInterval(timer)
  }, [api])
  const at = new Date(iso)
  const isNew = Math.max(now, api.now()) - at.getTime() < 60_000
  return (
    <Exactly iso={iso}>{isNew ? t('justNow') : format.relativeTime(at, new Date(Math.max(now, at.getTime())))}</Exactly>
  )
}

export function Day({ iso }: { iso: string }) {
  const format = useFormatter()
  return <Exactly iso={iso}>{format.dateTime(new Date(iso), { dateStyle: 'medium' })}</Exactly>
}

function Exactly({ iso, children }: { iso: string; children: string }) {
  const format = useFormatter()
  return (
    <Tooltip text={format.dateTime(new Date(iso), { dateStyle: 'full', timeStyle: 'medium' })}>
      {/* A button, so that the keyboard and a finger get there too. */}
      <button type="button" className="decoration-line cursor-help rounded-sm underline decoration-dotted">
        <time dateTime={iso}>{children}</time>
      </button>
    </Tooltip>
  )
}
