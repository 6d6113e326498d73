'use client'

import { Check, Search } from 'lucide-react'
import { useEffect, useId, useRef, useState, type KeyboardEvent } from 'react'
import { useTranslations } from 'use-intl'
import { cn } from './cn'
import { Chip } from './words-input'

export interface Option {
  value: string
  label: string
  detail?: string | null
}

const plain = (text: string) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()

/** The options whose name or detail has all the words typed, those that begin with them first. */
export function matching(options: readonly Option[], typed: string): Option[] {
  const words = plain(typed).split(/\s+/).filter(Boolean)
  const rank = ({ label }: Option) => (plain(label).startsWith(words[0] ?? '') ? 0 : 1)
  return options
    .filter((option) => {
      const text = plain(`${option.label} ${option.detail ?? ''} ${option.value}`)
      return words.every((word) => text.includes(word))
    })
    .sort((a, b) => rank(a) - rank(b))
}

/** A field that finds by name and a list below it; keyboard and screen reader as of a combobox. */
export function SearchList(props: {
  label: string
  hideLabel?: boolean
  placeholder?: string
  options: readonly Option[]
  chosen?: readonly string[]
  typed: string
  onType: (typed: string) => void
  onPick: (option: Option) => void
  /** Said in place of the list. */
  note?: string | null
  isMultiple?: boolean
}) {
  const id = useId()
  const [isOpen, setOpen] = useState(false)
  const [at, setAt] = useState(-1)
  const box = useRef<HTMLDivElement>(null)
  const list = useRef<HTMLDivElement>(null)
  const shown = isOpen ? props.options.slice(0, 60) : []
  const note = isOpen ? props.note : null
  useEffect(() => {
    if (isOpen) box.current?.scrollIntoView({ block: 'nearest' })
  }, [isOpen])
  const move = (to: number) => {
    const next = shown.length === 0 ? -1 : (to + shown.length) % shown.length
    setAt(next)
    list.current?.children[next]?.scrollIntoView({ block: 'nearest' })
  }
  const pick = (option: Option) => {
    props.onPick(option)
    if (!props.isMultiple) setOpen(false)
    setAt(-1)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault()
      if (isOpen) move(at < 0 ? (event.key === 'ArrowDown' ? 0 : -1) : at + (event.key === 'ArrowDown' ? 1 : -1))
      else setOpen(true)
    } else if (event.key === 'Enter' && isOpen && shown.length > 0) {
      event.preventDefault()
      pick(shown[Math.max(0, at)]!)
    } else if (event.key === 'Escape' && isOpen) {
      setOpen(false)
    }
  }
  return (
    <div
      className="flex min-w-0 flex-col gap-1.5"
      onBlur={(event) => {
        // Not before the focus has arrived where it goes: a dialog takes it back when what is around it vanishes meanwhile.
        if (!event.currentTarget.contains(event.relatedTarget)) setTimeout(() => setOpen(false))
      }}
    >
      <label htmlFor={id} className={props.hideLabel ? 'sr-only' : 'font-medium'}>
        {props.label}
      </label>
      <div className="relative">
        <Search aria-hidden className="text-muted pointer-events-none absolute top-2.5 left-3 size-4" />
        <input
          id={id}
          role="combobox"
          aria-expanded={isOpen && shown.length > 0}
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          aria-activedescendant={isOpen && at >= 0 && at < shown.length ? `${id}-${at}` : undefined}
          aria-describedby={`${id}-note`}
          autoComplete="off"
          spellCheck={false}
          placeholder={props.placeholder}
          value={props.typed}
          onChange={(event) => {
            props.onType(event.target.value)
            setOpen(true)
            setAt(-1)
          }}
          onFocus={() => setOpen(true)}
          onClick={() => setOpen(true)}
          onKeyDown={onKeyDown}
          className="border-line bg-card text-ink placeholder:text-muted h-9 w-full rounded-lg border pr-3 pl-9"
        />
        {/* Over what stands below: were it to move, a press there would miss it as the list closes. */}
        <div
          ref={box}
          className={cn(
            'absolute inset-x-0 top-full z-20 mt-1 rounded-lg',
            (shown.length > 0 || note) && 'border-line bg-card border shadow-lg',
          )}
        >
          <p id={`${id}-note`} role="status" className={note ? 'text-muted px-3 py-2' : 'sr-only'}>
            {note}
          </p>
          <div
            ref={list}
            id={`${id}-list`}
            role="listbox"
            aria-label={props.label}
            aria-multiselectable={props.isMultiple || undefined}
            hidden={shown.length === 0}
            className="max-h-52 overflow-y-auto p-1"
          >
            {shown.map((option, index) => {
              const isChosen = props.chosen?.includes(option.value) ?? false
              return (
                <button
                  type="button"
                  tabIndex={-1}
                  key={option.value}
                  id={`${id}-${index}`}
                  role="option"
                  aria-selected={isChosen}
                  // Before the field loses the focus, which closes the list.
                  onPointerDown={(event) => event.preventDefault()}
                  onClick={() => pick(option)}
                  onPointerMove={() => setAt(index)}
                  className={cn(
                    'flex min-h-9 w-full items-center gap-2 text-left rounded-md px-2.5 py-1.5',
                    index === at && 'bg-sunken',
                  )}
                >
                  <span className="min-w-0 flex-1">
                    <span className="block truncate">{option.label}</span>
                    {option.detail && (
                      <span className="text-muted block truncate text-[0.8125rem]">
                        <bdi>{option.detail}</bdi>
                      </span>
                    )}
                  </span>
                  {isChosen && <Check aria-hidden className="text-accent size-4 shrink-0" />}
                </button>
              )
            })}
          </div>
        </div>
      </div>
    </div>
  )
}

/** Several of a known list. */
export function MultiPicker(props: {
  label: string
  placeholder?: string
  options: readonly Option[]
  chosen: readonly string[]
  onChange: (chosen: string[]) => void
  /** What one that is no longer in the list is called. */
  unknown: string
}) {
  const t = useTranslations('lists')
  const [typed, setTyped] = useState('')
  const found = matching(props.options, typed)
  return (
    <div className="flex flex-col gap-2">
      <SearchList
        label={props.label}
        placeholder={props.placeholder}
        options={found}
        chosen={props.chosen}
        typed={typed}
        onType={setTyped}
        isMultiple
        note={found.length === 0 ? t('nothingFound') : null}
        onPick={({ value }) => {
          setTyped('')
          props.onChange(
            props.chosen.includes(value) ? props.chosen.filter((one) => one !== value) : [...props.chosen, value],
          )
        }}
      />
      {props.chosen.length > 0 && (
        <ul className="flex flex-wrap gap-1.5" aria-label={t('chosen', { name: props.label })}>
          {props.chosen.map((value) => {
            const name = props.options.find((option) => option.value === value)?.label ?? props.unknown
            return (
              <li key={value} className="max-w-full min-w-0">
                <Chip
                  removeLabel={t('removeNamed', { name })}
                  onRemove={() => props.onChange(props.chosen.filter((one) => one !== value))}
                >
                  {name}
                </Chip>
              </li>
            )
          })}
        </ul>
      )}
    </div>
  )
}
