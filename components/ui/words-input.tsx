'use client'

import { Plus, X } from 'lucide-react'
import { useRef, useState } from 'react'
import { useTranslations } from 'use-intl'
import { Button } from './button'

export function Chip({
  children,
  removeLabel,
  onRemove,
}: {
  children: string
  removeLabel: string
  onRemove: () => void
}) {
  return (
    <span className="bg-sunken inline-flex max-w-full items-center gap-1 rounded-lg py-0.5 pr-0.5 pl-2.5">
      <span className="truncate">{children}</span>
      <button
        type="button"
        aria-label={removeLabel}
        onClick={onRemove}
        className="text-muted hover:text-ink flex size-6 shrink-0 items-center justify-center rounded-md"
      >
        <X aria-hidden className="size-3.5" />
      </button>
    </span>
  )
}

/** A list of words: typed, added by Enter, comma or the button, removed by their cross. */
export function WordsInput(props: {
  id: string
  words: readonly string[]
  /** What is wrong with a word; null: nothing. */
  judge: (word: string) => string | null
  placeholder: string
  describedBy?: string
  onChange: (words: string[]) => void
}) {
  const t = useTranslations('lists')
  const input = useRef<HTMLInputElement>(null)
  const [typed, setTyped] = useState('')
  const [wrong, setWrong] = useState<string | null>(null)
  const add = () => {
    const words = typed
      .split(',')
      .map((word) => word.trim())
      .filter(Boolean)
    if (words.length === 0) return
    const refused = words.map(props.judge).find((problem) => problem !== null) ?? null
    setWrong(refused)
    if (refused !== null) return
    setTyped('')
    props.onChange([...new Set([...props.words, ...words])])
  }
  return (
    <div className="flex flex-col gap-2">
      {props.words.length > 0 && (
        <ul className="flex flex-wrap gap-1.5">
          {props.words.map((word) => (
            <li key={word} className="max-w-full min-w-0">
              <Chip
                removeLabel={t('removeNamed', { name: word })}
                onRemove={() => {
                  props.onChange(props.words.filter((other) => other !== word))
                  input.current?.focus()
                }}
              >
                {word}
              </Chip>
            </li>
          ))}
        </ul>
      )}
      <div className="flex gap-2">
        <input
          ref={input}
          id={props.id}
          value={typed}
          placeholder={props.placeholder}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          aria-invalid={wrong ? true : undefined}
          aria-describedby={[props.describedBy, `${props.id}-wrong`].filter(Boolean).join(' ')}
          onChange={(event) => {
            setTyped(event.target.value)
            setWrong(null)
          }}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' && event.key !== ',') return
            event.preventDefault()
            add()
          }}
          onBlur={add}
          className="border-line bg-card text-ink placeholder:text-muted aria-invalid:border-bad h-9 min-w-0 flex-1 rounded-lg border px-3"
        />
        <Button variant="secondary" size="icon" aria-label={t('add')} onClick={add}>
          <Plus aria-hidden />
        </Button>
      </div>
      {wrong && (
        <p id={`${props.id}-wrong`} role="alert" className="text-bad text-pretty">
          {wrong}
        </p>
      )}
    </div>
  )
}
