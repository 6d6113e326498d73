'use client'

import { useSortable } from '@dnd-kit/sortable'
import { CSS } from '@dnd-kit/utilities'
import { ArrowDown, ArrowUp, EllipsisVertical, GripVertical, Pencil, Trash2 } from 'lucide-react'
import { useLayoutEffect, useRef } from 'react'
import { useTranslations } from 'use-intl'
import type { RoutingRule } from '@/lib/bridge/sub-account/settings'
import { Button } from '../ui/button'
import { cn } from '../ui/cn'
import { Menu, MenuItem } from '../ui/menu'
import { useRuleSentence, type Known } from './rule-words'

export function RuleRow(props: {
  rule: RoutingRule
  place: number
  count: number
  known: Known
  onEdit: () => void
  onMove: (to: number) => void
  onRemove: () => void
}) {
  const t = useTranslations('rules')
  const { rule, place, count } = props
  const sentence = useRuleSentence(props.known)(rule)
  const { attributes, listeners, setNodeRef, setActivatorNodeRef, transform, transition, isDragging } = useSortable({
    id: rule.id,
  })
  const isLost = !props.known.sessions.some(({ id }) => id === rule.session)
  const at = place - 1
  const menu = useRef<HTMLButtonElement>(null)
  const moving = useRef<HTMLButtonElement>(null)
  // A row that changes places in the page loses the focus.
  useLayoutEffect(() => {
    moving.current?.focus()
    moving.current = null
  }, [place])
  const move = (to: number, by: HTMLButtonElement | null) => {
    if (to < 0 || to >= count) return
    moving.current = by
    props.onMove(to)
  }
  return (
    <li
      ref={setNodeRef}
      style={{ transform: CSS.Translate.toString(transform), transition }}
      className={cn('bg-card flex items-start gap-1 py-2 pr-2 pl-1 sm:pl-2', isDragging && 'relative z-10 shadow-lg')}
    >
      <button
        ref={setActivatorNodeRef}
        type="button"
        {...attributes}
        {...listeners}
        onKeyDown={(event) => {
          const by = { ArrowUp: -1, ArrowDown: 1 }[event.key]
          if (!by) return
          event.preventDefault()
          move(at + by, event.currentTarget)
        }}
        aria-label={t('dragLabel', { at: place, name: sentence })}
        className="text-muted hover:bg-sunken flex size-9 shrink-0 cursor-grab touch-none items-center justify-center rounded-lg"
      >
        <GripVertical aria-hidden className="size-4" />
      </button>
      <span aria-hidden className="text-muted mt-2 w-5 shrink-0 text-center font-semibold tabular-nums">
        {place}
      </span>
      <div className="min-w-0 flex-1 px-1 py-2">
        <p className="break-words text-pretty">{sentence}</p>
        {isLost && <p className="text-wait mt-0.5 text-pretty">{t('lost')}</p>}
      </div>
      <Menu
        trigger={
          <Button ref={menu} variant="quiet" size="icon" aria-label={t('actions', { at: place })}>
            <EllipsisVertical aria-hidden />
          </Button>
        }
      >
        <MenuItem onSelect={props.onEdit}>
          <Pencil aria-hidden />
          {t('edit')}
        </MenuItem>
        <MenuItem disabled={at === 0} onSelect={() => move(at - 1, menu.current)}>
          <ArrowUp aria-hidden />
          {t('up')}
        </MenuItem>
        <MenuItem disabled={place === count} onSelect={() => move(at + 1, menu.current)}>
          <ArrowDown aria-hidden />
          {t('down')}
        </MenuItem>
        <MenuItem className="text-bad" onSelect={props.onRemove}>
          <Trash2 aria-hidden />
          {t('remove')}
        </MenuItem>
      </Menu>
    </li>
  )
}
