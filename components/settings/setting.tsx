'use client'

import { useId, type ReactNode } from 'react'
import { useTranslations } from 'use-intl'
import type { Settings } from '@/lib/bridge/sub-account/settings'
import { useSaving } from './saving'

export interface Setting<Name extends keyof Settings> {
  id: string
  label: string
  what: string
  /** What the server refused. */
  problem: string | null
  /** The ids of what is said about it, for the control. */
  describedBy: string
  /** More of its words. */
  text(word: string): string
  save(value: Settings[Name]): void
}

/** What the control of a setting needs: its words, the ids that tie them to it, and how it is saved. */
export function useSetting<Name extends keyof Settings>(name: Name): Setting<Name> {
  const t = useTranslations('settings')
  const id = useId()
  const { set, problemOf } = useSaving()
  // Text keys are not looked up by type.
  const text = (word: string) => t(`${String(name)}.${word}`)
  const label = text('label')
  return {
    id,
    label,
    what: text('what'),
    problem: problemOf(name),
    describedBy: `${id}-what ${id}-problem`,
    text,
    save: (value) => set({ [name]: value }, label),
  }
}

/** The name of a setting and what it does; `of` a group there is no one control the name could be a label of. */
export function About(props: {
  setting: { id: string; label: string; what: string }
  of?: 'control' | 'group'
  more?: string | null
}) {
  const { id, label, what } = props.setting
  return (
    <>
      {props.of === 'group' ? (
        <p id={id} className="font-medium">
          {label}
        </p>
      ) : (
        <label htmlFor={id} className="font-medium">
          {label}
        </label>
      )}
      <p id={`${id}-what`} className="text-muted mt-0.5 text-pretty">
        {what} {props.more}
      </p>
    </>
  )
}

export function Problem({ id, text }: { id: string; text: string | null }) {
  if (text === null) return null
  return (
    <p id={`${id}-problem`} role="alert" className="text-bad mt-1.5 text-pretty">
      {text}
    </p>
  )
}

/** A setting whose control stands beside its words, and below them where there is no room. */
export function Beside(props: {
  setting: { id: string; label: string; what: string }
  problem: string | null
  children: ReactNode
}) {
  return (
    <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-2 p-4 sm:flex-nowrap sm:px-5">
      <div className="min-w-0">
        <About setting={props.setting} />
        <Problem id={props.setting.id} text={props.problem} />
      </div>
      {props.children}
    </div>
  )
}
