'use client'

import { useId, type ReactNode } from 'react'

/** A part of a settings page. */
export function Section({ title, intro, children }: { title: string; intro?: string; children: ReactNode }) {
  const id = useId()
  return (
    <section aria-labelledby={id} className="border-line bg-card flex min-w-0 flex-col rounded-xl border">
      <header className="border-line flex flex-col gap-1 border-b p-4 sm:px-5">
        <h2 id={id} className="text-base font-semibold text-balance">
          {title}
        </h2>
        {intro && <p className="text-muted text-pretty">{intro}</p>}
      </header>
      <div className="divide-line flex flex-col divide-y">{children}</div>
    </section>
  )
}
