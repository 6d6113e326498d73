'use client'

import { Check, ChevronsUpDown, Search } from 'lucide-react'
import { Popover } from 'radix-ui'
import { useId, useState, type KeyboardEvent, type ReactNode } from 'react'
import { Button } from './button'
import { cn } from './cn'
import { mainLandmark } from './landmark'

export interface Choice {
  id: string
  name: string
  detail?: string | null
}

/** One of many, found by typing. The list stands in a panel of its own: it opens over the page and moves nothing. */
export function Combobox(props: {
  /** Names the control; what is chosen is added to it. */
  label: string
  chosen: string
  chosenId: string | null
  choices: readonly Choice[]
  searchLabel: string
  listLabel: string
  /** Instead of the list: while it loads, when it failed, when nothing matches. */
  empty: ReactNode
  disabled?: boolean
  /** A choice that clears, shown first while nothing is searched for. */
  clear?: string
  onOpen?: () => void
  onChoose: (id: string | null) => void
}) {
  const [isOpen, setOpen] = useState(false)
  const [wanted, setWanted] = useState('')
  const [at, setAt] = useState(0)
  const id = useId()

  const needle = fold(wanted.trim())
  const found: (Choice | null)[] = props.choices.filter(({ name, detail }) =>
    fold(`${name} ${detail ?? ''}`).includes(needle),
  )
  if (props.clear !== undefined && props.chosenId !== null && needle === '') found.unshift(null)
  const active = Math.min(at, found.length - 1)
  const optionId = (index: number) => `${id}-${index}`

  const open = (willOpen: boolean) => {
    setOpen(willOpen)
    if (!willOpen) return
    setWanted('')
    setAt(0)
    props.onOpen?.()
  }
  const choose = (choice: Choice | null | undefined) => {
    if (choice === undefined) return
    setOpen(false)
    if ((choice?.id ?? null) !== props.chosenId) props.onChoose(choice?.id ?? null)
  }
  const move = (to: number) => {
    const next = Math.max(0, Math.min(found.length - 1, to))
    setAt(next)
    document.getElementById(optionId(next))?.scrollIntoView({ block: 'nearest' })
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const steps: Record<string, number> = {
      ArrowDown: active + 1,
      ArrowUp: active - 1,
      PageDown: active + 5,
      PageUp: active - 5,
    }
    const to = steps[event.key]
    if (to !== undefined) move(to)
    else if (event.key === 'Enter') choose(found[active])
    else return
    event.preventDefault()
  }

  return (
    <Popover.Root open={isOpen} onOpenChange={open}>
      <Popover.Trigger asChild>
        <Button
          variant="secondary"
          className="w-full min-w-0 shrink justify-between"
          aria-label={`${props.label}: ${props.chosen}`}
          disabled={props.disabled}
        >
          <span className="truncate">{props.chosen}</span>
          <ChevronsUpDown aria-hidden className="text-muted" />
        </Button>
      </Popover.Trigger>
      <Popover.Portal container={mainLandmark()}>
        <Popover.Content
          align="start"
          sideOffset={4}
          collisionPadding={8}
          aria-label={props.label}
          className="border-line bg-card z-30 flex max-h-[min(22rem,var(--radix-popover-content-available-height))] w-[max(16rem,var(--radix-popover-trigger-width))] max-w-[calc(100vw-1rem)] flex-col rounded-lg border shadow-lg"
        >
          <div className="border-line flex items-center gap-2 border-b px-3">
            <Search aria-hidden className="text-muted size-4 shrink-0" />
            <input
              role="combobox"
              aria-label={props.searchLabel}
              aria-expanded
              aria-controls={`${id}-list`}
              aria-activedescendant={found.length > 0 ? optionId(active) : undefined}
              aria-autocomplete="list"
              placeholder={props.searchLabel}
              autoComplete="off"
              className="placeholder:text-muted h-10 w-full min-w-0 bg-transparent outline-none"
              value={wanted}
              onChange={(event) => {
                setWanted(event.target.value)
                setAt(0)
              }}
              onKeyDown={onKeyDown}
            />
          </div>
          <div
            id={`${id}-list`}
            role="listbox"
            tabIndex={-1}
            aria-label={props.listLabel}
            className="min-h-0 overflow-y-auto p-1"
          >
            {found.map((choice, index) => {
              const isChosen = (choice?.id ?? null) === props.chosenId
              return (
                <button
                  type="button"
                  tabIndex={-1}
                  key={choice?.id ?? 'nothing'}
                  id={optionId(index)}
                  role="option"
                  aria-selected={isChosen}
                  className={cn(
                    'flex min-h-9 w-full cursor-pointer items-center text-left gap-2 rounded-md px-2.5 py-1.5',
                    index === active && 'bg-sunken',
                  )}
                  onPointerMove={() => setAt(index)}
                  onClick={() => choose(choice)}
                >
                  <span className="min-w-0 flex-1">
                    <span className="block truncate">{choice?.name ?? props.clear}</span>
                    {choice?.detail && <span className="text-muted block truncate text-xs">{choice.detail}</span>}
                  </span>
                  {isChosen && <Check aria-hidden className="size-4 shrink-0" />}
                </button>
              )
            })}
          </div>
          {found.length === 0 && <div className="px-3 pb-3">{props.empty}</div>}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  )
}

const fold = (text: string) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()
