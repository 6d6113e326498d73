'use client'

import type { ReactNode } from 'react'
import { useTranslations } from 'use-intl'
import { cn } from './cn'

export function Skeleton({ className }: { className?: string }) {
  return <div aria-hidden className={cn('bg-sunken rounded-lg motion-safe:animate-pulse', className)} />
}

/** The shape of what is on its way, and for a screen reader that it is. */
export function Loading({ className, children }: { className: string; children: ReactNode }) {
  const t = useTranslations('common')
  return (
    <div className={className} aria-busy="true">
      <p role="status" className="sr-only">
        {t('loading')}
      </p>
      {children}
    </div>
  )
}

/** The shape of a page while it is not known who looks. */
export function PageSkeleton({ label }: { label: string }) {
  return (
    <main className="mx-auto w-full max-w-5xl px-4 py-6 sm:px-6" aria-busy="true">
      <p role="status" className="sr-only">
        {label}
      </p>
      <Skeleton className="h-7 w-48" />
      <Skeleton className="mt-6 h-10 w-full max-w-80" />
      <div className="mt-6 grid gap-4 lg:grid-cols-2">
        <Skeleton className="h-44" />
        <Skeleton className="h-44" />
      </div>
    </main>
  )
}
