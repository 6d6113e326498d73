'use client'

import { CircleAlert, Inbox, Lock, Unplug } from 'lucide-react'
import type { ReactNode } from 'react'
import { useLocale, useTranslations } from 'use-intl'
import { ApiError } from './api'
import { Button } from './ui/button'

const icons = { empty: Inbox, error: CircleAlert, forbidden: Lock, disconnected: Unplug }

/** Where there is nothing to show: says why, and what to do about it. */
export function Notice(props: {
  kind: keyof typeof icons
  title: string
  text?: string
  onRetry?: () => void
  children?: ReactNode
}) {
  const t = useTranslations('common')
  const Icon = icons[props.kind]
  return (
    <div
      role={props.kind === 'empty' ? undefined : 'alert'}
      className="border-line bg-card mx-auto flex max-w-lg flex-col items-center gap-3 rounded-xl border border-dashed px-6 py-12 text-center"
    >
      <Icon aria-hidden className="text-muted size-7" />
      <h2 className="text-base font-semibold text-balance">{props.title}</h2>
      {props.text && <p className="text-muted text-pretty">{props.text}</p>}
      {props.onRetry && (
        <Button variant="secondary" onClick={props.onRetry}>
          {t('retry')}
        </Button>
      )}
      {props.children}
    </div>
  )
}

const particular: readonly string[] = ['bad_request', 'conflict', 'wrong_status']

/** What went wrong with a request, in the reader's language where we know the case. */
export function useErrorText(): (error: unknown) => string {
  const t = useTranslations('error')
  const isEnglish = useLocale().startsWith('en')
  return (error) => {
    if (!(error instanceof ApiError)) return t('internal')
    // The server knows more of these cases than one sentence can say, and says it in English.
    if (!t.has(error.code) || (isEnglish && particular.includes(error.code))) return error.message
    const seconds = error.retryAfterSeconds ?? 60
    if (error.code === 'too_many_requests' && seconds < 60)
      return t('too_many_requests_now', { count: Math.max(1, seconds) })
    return t(error.code, { count: Math.max(1, Math.ceil(seconds / 60)) })
  }
}

export function LoadError({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const t = useTranslations('common')
  const textOf = useErrorText()
  const status = error instanceof ApiError ? error.status : 0
  if (status === 401 || status === 403 || status === 404)
    return <Notice kind="forbidden" title={t('noAccess')} text={t('noAccessHow')} onRetry={onRetry} />
  return <Notice kind="error" title={t('loadFailed')} text={textOf(error)} onRetry={onRetry} />
}

/** Why something was not done, beside what it was asked with; nothing where nothing went wrong. */
export function Problem({ error }: { error: unknown }) {
  const errorText = useErrorText()
  if (!error) return null
  return (
    <p role="alert" className="text-bad text-pretty">
      {errorText(error)}
    </p>
  )
}
