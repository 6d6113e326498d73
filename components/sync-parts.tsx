'use client'

import { TriangleAlert } from 'lucide-react'
import Link from 'next/link'
import { Progress as Radix } from 'radix-ui'
import { useEffect, useRef, type ReactNode } from 'react'
import { useFormatter, useLocale, useTranslations } from 'use-intl'
import type { LabelSyncView } from '@/lib/bridge/labels/label-sync'
import type { SyncKind, SyncViews } from './sync-queries'
import { Skeleton } from './ui/skeleton'

/** What is going on, in the reader's language; English is what the server says, which knows more. */
export function useSyncSentence(kind: SyncKind): (view: Pick<SyncViews[SyncKind], 'detail' | 'detailCode'>) => string {
  const t = useTranslations(`syncing.${kind}Detail`)
  const isEnglish = useLocale().startsWith('en')
  return ({ detail, detailCode }) => (isEnglish || !t.has(detailCode) ? detail : t(detailCode))
}

/** Why there are no labels to sync. */
export function useNoLabels(): (view: Pick<LabelSyncView, 'why' | 'whyCode'>) => string {
  const t = useTranslations('syncing.noLabels')
  return ({ why, whyCode }) => (whyCode && t.has(whyCode) ? t(whyCode) : (why ?? ''))
}

/** What could not be done, by its code; as the server says it where the code is new to us. */
export function useLabelNotice(): (notice: NonNullable<LabelSyncView['notice']>) => string {
  const t = useTranslations('syncing.notice')
  return ({ code, label, text }) => (t.has(code) ? t(code, { name: label ?? '' }) : text)
}

export function ProgressBar({ done, total, label }: { done: number; total: number; label: string }) {
  const t = useTranslations('syncing')
  const format = useFormatter()
  const share = total === 0 ? 1 : done / total
  return (
    <div className="flex flex-col gap-1.5">
      <Radix.Root
        value={Math.round(share * 100)}
        max={100}
        aria-label={label}
        className="bg-sunken border-line h-2.5 overflow-hidden rounded-full border"
      >
        <Radix.Indicator className="bg-accent h-full transition-[width]" style={{ width: `${share * 100}%` }} />
      </Radix.Root>
      <p className="text-muted tabular-nums">
        {t('progress', { done: format.number(done), total: format.number(total) })}
      </p>
    </div>
  )
}

/** Numbers of what would be, or was, done. */
export function Counts({ of }: { of: { key: string; name: string; count: number }[] }) {
  const format = useFormatter()
  return (
    <dl className="grid grid-cols-3 gap-2">
      {of.map(({ key, name, count }) => (
        <div key={key} className="bg-sunken flex min-w-0 flex-col-reverse justify-end rounded-lg px-3 py-2">
          <dt className="text-muted text-xs text-pretty">{name}</dt>
          <dd className="text-lg font-semibold tabular-nums">{format.number(count)}</dd>
        </div>
      ))}
    </dl>
  )
}

export function Warning({ children }: { children: ReactNode }) {
  return (
    <p className="bg-wait-soft text-wait flex gap-2.5 rounded-lg p-3 text-pretty">
      <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0" />
      <span className="min-w-0">{children}</span>
    </p>
  )
}

export function Reading({ text }: { text: string }) {
  return (
    <div className="flex flex-col gap-3">
      <p role="status" className="text-pretty">
        {text}
      </p>
      <Skeleton className="h-16" />
    </div>
  )
}

export function SettingsLink({ locationId, children }: { locationId: string; children: ReactNode }) {
  return (
    <Link
      href={`/embed/${encodeURIComponent(locationId)}/settings`}
      className="text-accent font-medium underline underline-offset-4"
    >
      {children}
    </Link>
  )
}

/** Once, when a dialog opens for somebody who is about to turn something on. */
export function useOnce(isWanted: boolean, act: () => void): void {
  const isDone = useRef(false)
  useEffect(() => {
    if (!isWanted || isDone.current) return
    isDone.current = true
    act()
  })
}
