'use client'

import { RadioGroup } from 'radix-ui'
import { useId, useState, type ReactNode } from 'react'
import { useTranslations } from 'use-intl'
import type { Settings } from '@/lib/bridge/sub-account/settings'
import { cn } from '../ui/cn'
import { Switch } from '../ui/switch'
import { WordsInput } from '../ui/words-input'
import { useSaving } from './saving'

type Named<Kind> = { [Name in keyof Settings]: Settings[Name] extends Kind ? Name : never }[keyof Settings]

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

function Problem({ id, text }: { id: string; text: string | null }) {
  if (text === null) return null
  return (
    <p id={id} role="alert" className="text-bad mt-1.5 text-pretty">
      {text}
    </p>
  )
}

export function SwitchSetting(props: {
  name: Named<boolean>
  settings: Settings
  /** Why this reader cannot change it. */
  locked?: string | null
}) {
  const { name, settings, locked = null } = props
  const t = useTranslations('settings')
  const id = useId()
  const { set, problemOf } = useSaving()
  const label = t(`${name}.label`)
  return (
    <div className="flex items-start justify-between gap-4 p-4 sm:px-5">
      <div className="min-w-0">
        <label htmlFor={id} className="font-medium">
          {label}
        </label>
        <p id={`${id}-what`} className="text-muted mt-0.5 text-pretty">
          {t(`${name}.what`)} {locked}
        </p>
        <Problem id={`${id}-problem`} text={problemOf(name)} />
      </div>
      <Switch
        id={id}
        disabled={locked !== null}
        checked={settings[name]}
        onCheckedChange={(checked) => set({ [name]: checked }, label)}
        aria-describedby={`${id}-what ${id}-problem`}
      />
    </div>
  )
}

/** One of a few words, each with what it does. */
export function ChoiceSetting<
  Name extends 'sessionChoice' | 'whenContactSessionIsDown' | 'tagMode' | 'namePolicy' | 'inboundLabel',
>({ name, settings, words }: { name: Name; settings: Settings; words: readonly Settings[Name][] }) {
  const t = useTranslations('settings')
  const id = useId()
  const { set, problemOf } = useSaving()
  // Text keys are not looked up by type.
  const key: string = name
  const label = t(`${key}.label`)
  return (
    <div className="p-4 sm:px-5">
      <p id={id} className="font-medium">
        {label}
      </p>
      <p id={`${id}-what`} className="text-muted mt-0.5 text-pretty">
        {t(`${key}.what`)}
      </p>
      <RadioGroup.Root
        value={settings[name]}
        onValueChange={(word) => set({ [name]: word }, label)}
        aria-labelledby={id}
        aria-describedby={`${id}-what ${id}-problem`}
        className="mt-3 flex flex-col gap-2"
      >
        {words.map((word) => (
          <RadioRow
            key={word}
            value={word}
            label={t(`${key}.${String(word)}`)}
            what={t(`${key}.${String(word)}What`)}
          />
        ))}
      </RadioGroup.Root>
      <Problem id={`${id}-problem`} text={problemOf(name)} />
    </div>
  )
}

export function RadioRow({ value, label, what }: { value: string; label: string; what?: string }) {
  const id = useId()
  return (
    <div className="has-data-[state=checked]:border-accent border-line flex items-start gap-3 rounded-lg border px-3 py-2.5">
      <RadioGroup.Item
        id={id}
        value={value}
        aria-describedby={what ? `${id}-what` : undefined}
        className="border-muted data-[state=checked]:border-accent mt-0.5 flex size-4 shrink-0 items-center justify-center rounded-full border"
      >
        <RadioGroup.Indicator className="bg-accent size-2 rounded-full" />
      </RadioGroup.Item>
      <label htmlFor={id} className="min-w-0 flex-1">
        <span className="block font-medium">{label}</span>
        {what && (
          <span id={`${id}-what`} className="text-muted block text-pretty">
            {what}
          </span>
        )}
      </label>
    </div>
  )
}

/** One of a few words that need no more said. */
export function SelectSetting<Name extends 'language'>(props: {
  name: Name
  settings: Settings
  choices: readonly { value: Settings[Name]; text: string }[]
}) {
  const { name, settings, choices } = props
  const t = useTranslations('settings')
  const id = useId()
  const { set, problemOf } = useSaving()
  // Text keys are not looked up by type.
  const key: string = name
  const label = t(`${key}.label`)
  return (
    <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-2 p-4 sm:flex-nowrap sm:px-5">
      <div className="min-w-0">
        <label htmlFor={id} className="font-medium">
          {label}
        </label>
        <p id={`${id}-what`} className="text-muted mt-0.5 text-pretty">
          {t(`${key}.what`)}
        </p>
        <Problem id={`${id}-problem`} text={problemOf(name)} />
      </div>
      <select
        id={id}
        value={settings[name]}
        aria-describedby={`${id}-what ${id}-problem`}
        onChange={({ target }) => {
          const chosen = choices.find(({ value }) => value === target.value)
          if (chosen) set({ [name]: chosen.value }, label)
        }}
        className="border-line bg-card text-ink h-9 w-full min-w-0 shrink-0 rounded-lg border px-3 sm:w-52"
      >
        {choices.map(({ value, text }) => (
          <option key={value} value={value} lang={value}>
            {text}
          </option>
        ))}
      </select>
    </div>
  )
}

/** A number typed; saved when the field is left or Enter is pressed. */
export function NumberSetting({
  name,
  settings,
  min,
  max,
  unit,
  mayBeEmpty = false,
}: {
  name: 'holdMinutes' | 'hourlyCap' | 'dailyCap'
  settings: Settings
  min: number
  max: number
  unit: string
  mayBeEmpty?: boolean
}) {
  const t = useTranslations('settings')
  const { set } = useSaving()
  const saved = settings[name]
  return (
    <DraftSetting
      name={name}
      saved={saved === null ? '' : String(saved)}
      inputMode="numeric"
      placeholder={mayBeEmpty ? t('noLimit') : undefined}
      unit={unit}
      className="w-28"
      onSave={(typed) => {
        const text = typed.trim()
        if (text === '' && mayBeEmpty) {
          set({ [name]: null }, t(`${name}.label`))
          return null
        }
        const value = Number(text)
        if (text === '' || !Number.isInteger(value) || value < min || value > max)
          return t(mayBeEmpty ? 'numberOrEmpty' : 'number', { min, max })
        set({ [name]: value }, t(`${name}.label`))
        return null
      }}
    />
  )
}

export function TextSetting({
  name,
  settings,
  judge,
}: {
  name: 'contactTag' | 'inboundTag' | 'phoneReplyTag' | 'labelPrefix' | 'pushedTagPrefix'
  settings: Settings
  judge?: (text: string) => string | null
}) {
  const t = useTranslations('settings')
  const { set } = useSaving()
  return (
    <DraftSetting
      name={name}
      saved={settings[name]}
      placeholder={t('none')}
      className="w-full sm:w-52"
      onSave={(typed) => {
        const wrong = judge?.(typed) ?? ([...typed.trim()].length > 60 ? t('tooLong', { max: 60 }) : null)
        if (wrong === null) set({ [name]: typed.trim() }, t(`${name}.label`))
        return wrong
      }}
    />
  )
}

/** Keeps what is being typed; what is saved, here or by somebody else, shows while nobody types. */
function DraftSetting(props: {
  name: keyof Settings
  saved: string
  placeholder?: string
  inputMode?: 'numeric'
  unit?: string
  className?: string
  /** What is wrong with it; null: it is being saved. */
  onSave: (typed: string) => string | null
}) {
  const t = useTranslations('settings')
  const id = useId()
  const { problemOf } = useSaving()
  const [draft, setDraft] = useState<string | null>(null)
  const [wrong, setWrong] = useState<string | null>(null)
  const problem = wrong ?? (draft === null ? problemOf(props.name) : null)
  const save = () => {
    if (draft === null) return
    const refused = props.onSave(draft)
    setWrong(refused)
    if (refused === null) setDraft(null)
  }
  return (
    <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-2 p-4 sm:flex-nowrap sm:px-5">
      <div className="min-w-0">
        <label htmlFor={id} className="font-medium">
          {t(`${props.name}.label`)}
        </label>
        <p id={`${id}-what`} className="text-muted mt-0.5 text-pretty">
          {t(`${props.name}.what`)}
        </p>
        <Problem id={`${id}-problem`} text={problem} />
      </div>
      <span className={cn('flex shrink-0 items-center gap-2', !props.unit && 'w-full sm:w-auto')}>
        <input
          id={id}
          value={draft ?? props.saved}
          placeholder={props.placeholder}
          inputMode={props.inputMode}
          autoComplete="off"
          aria-invalid={problem ? true : undefined}
          aria-describedby={`${id}-what ${id}-problem`}
          onChange={(event) => {
            setDraft(event.target.value)
            setWrong(null)
          }}
          onBlur={save}
          onKeyDown={(event) => {
            if (event.key === 'Enter') save()
            if (event.key === 'Escape') {
              setDraft(null)
              setWrong(null)
            }
          }}
          className={cn(
            'border-line bg-card text-ink placeholder:text-muted aria-invalid:border-bad h-9 min-w-0 rounded-lg border px-3',
            props.className,
          )}
        />
        {props.unit && <span className="text-muted">{props.unit}</span>}
      </span>
    </div>
  )
}

/** Words of one's own, one by one. */
export function WordsSetting({
  name,
  settings,
  judge,
}: {
  name: 'alertEmails' | 'pushedTags'
  settings: Settings
  judge: (word: string) => string | null
}) {
  const t = useTranslations('settings')
  const id = useId()
  const { set, problemOf } = useSaving()
  const label = t(`${name}.label`)
  return (
    <div className="p-4 sm:px-5">
      <label htmlFor={id} className="font-medium">
        {label}
      </label>
      <p id={`${id}-what`} className="text-muted mt-0.5 mb-2 text-pretty">
        {t(`${name}.what`)}
      </p>
      <WordsInput
        id={id}
        words={settings[name]}
        judge={judge}
        placeholder={t(`${name}.add`)}
        describedBy={`${id}-what ${id}-problem`}
        onChange={(words) => set({ [name]: words }, label)}
      />
      <Problem id={`${id}-problem`} text={problemOf(name)} />
    </div>
  )
}
