'use client'

import { useState } from 'react'
import { useTranslations } from 'use-intl'
import type { Settings } from '@/lib/bridge/sub-account/settings'
import { cn } from '../ui/cn'
import { Beside, useSetting } from './setting'

type NumberName = 'holdMinutes' | 'hourlyCap' | 'dailyCap'
type TextName = 'contactTag' | 'inboundTag' | 'phoneReplyTag' | 'labelPrefix' | 'pushedTagPrefix'

/** A number typed; saved when the field is left or Enter is pressed. */
export function NumberSetting(props: {
  name: NumberName
  settings: Settings
  min: number
  max: number
  unit: string
  mayBeEmpty?: boolean
}) {
  const { name, settings, min, max, mayBeEmpty = false } = props
  const t = useTranslations('settings')
  const saved = settings[name]
  return (
    <DraftSetting<NumberName>
      name={name}
      saved={saved === null ? '' : String(saved)}
      inputMode="numeric"
      placeholder={mayBeEmpty ? t('noLimit') : undefined}
      unit={props.unit}
      className="w-28"
      read={(typed) => {
        if (typed === '' && mayBeEmpty) return { value: null }
        const value = Number(typed)
        if (typed === '' || !Number.isInteger(value) || value < min || value > max)
          return { wrong: t(mayBeEmpty ? 'numberOrEmpty' : 'number', { min, max }) }
        return { value }
      }}
    />
  )
}

export function TextSetting({ name, settings }: { name: TextName; settings: Settings }) {
  const t = useTranslations('settings')
  const most = 60
  return (
    <DraftSetting<TextName>
      name={name}
      saved={settings[name]}
      placeholder={t('none')}
      className="w-full sm:w-52"
      read={(typed) => ([...typed].length > most ? { wrong: t('tooLong', { max: most }) } : { value: typed })}
    />
  )
}

/** Keeps what is being typed; what is saved, here or by somebody else, shows while nobody types. */
function DraftSetting<Name extends NumberName | TextName>(props: {
  name: Name
  saved: string
  placeholder?: string
  inputMode?: 'numeric'
  unit?: string
  className?: string
  /** What the text typed stands for, or what is wrong with it. */
  read: (typed: string) => { value: Settings[Name] | null } | { wrong: string }
}) {
  const setting = useSetting(props.name)
  const [draft, setDraft] = useState<string | null>(null)
  const [wrong, setWrong] = useState<string | null>(null)
  const problem = wrong ?? (draft === null ? setting.problem : null)
  const forget = () => {
    setDraft(null)
    setWrong(null)
  }
  const save = () => {
    if (draft === null) return
    const read = props.read(draft.trim())
    if ('wrong' in read) return setWrong(read.wrong)
    // Only where a setting may be empty does reading give null.
    setting.save(read.value as Settings[Name])
    forget()
  }
  return (
    <Beside setting={setting} problem={problem}>
      <span className={cn('flex shrink-0 items-center gap-2', !props.unit && 'w-full sm:w-auto')}>
        <input
          id={setting.id}
          value={draft ?? props.saved}
          placeholder={props.placeholder}
          inputMode={props.inputMode}
          autoComplete="off"
          aria-invalid={problem ? true : undefined}
          aria-describedby={setting.describedBy}
          onChange={(event) => {
            setDraft(event.target.value)
            setWrong(null)
          }}
          onBlur={save}
          onKeyDown={(event) => {
            if (event.key === 'Enter') save()
            if (event.key === 'Escape') forget()
          }}
          className={cn(
            'border-line bg-card text-ink placeholder:text-muted aria-invalid:border-bad h-9 min-w-0 rounded-lg border px-3',
            props.className,
          )}
        />
        {props.unit && <span className="text-muted">{props.unit}</span>}
      </span>
    </Beside>
  )
}
