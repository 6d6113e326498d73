'use client'

import {
  closestCenter,
  DndContext,
  PointerSensor,
  useSensor,
  useSensors,
  type DragEndEvent,
  type UniqueIdentifier,
} from '@dnd-kit/core'
import { arrayMove, SortableContext, verticalListSortingStrategy } from '@dnd-kit/sortable'
import { Plus, Route } from 'lucide-react'
import { useEffect, useId, useRef, useState } from 'react'
import { useTranslations } from 'use-intl'
import type { RoutingRule, Settings } from '@/lib/bridge/sub-account/settings'
import { isSame, useSaving } from '../settings/saving'
import { Section } from '../settings/section'
import { Button } from '../ui/button'
import { emptyDraft, RuleDialog } from './rule-dialog'
import { RuleRow } from './rule-row'
import { useRuleSentence, type Known } from './rule-words'

type Rules = Settings['rules']
type Opened = { rule: RoutingRule | null } | null

/** The same list with a rule at another place; null: the rule is gone. */
const placed = (rules: Rules, id: string, to: number): Rules | null => {
  const from = rules.findIndex((rule) => rule.id === id)
  return from < 0 ? null : arrayMove(rules, from, Math.max(0, Math.min(to, rules.length - 1)))
}
const without = (rules: Rules, id: string): Rules | null =>
  rules.some((rule) => rule.id === id) ? rules.filter((rule) => rule.id !== id) : null
const withAt = (rules: Rules, rule: RoutingRule, at: number): Rules | null =>
  rules.some(({ id }) => id === rule.id) ? null : rules.toSpliced(at, 0, rule)
const replaced = (rules: Rules, rule: RoutingRule): Rules | null =>
  rules.some(({ id }) => id === rule.id) ? rules.map((old) => (old.id === rule.id ? rule : old)) : null

/** Which session takes which conversation: an ordered list, the first that fits decides. */
export function RulesSection({ rules, known }: { rules: Rules; known: Known }) {
  const t = useTranslations('rules')
  const { setRules, problemOf } = useSaving()
  const sentence = useRuleSentence(known)
  const [opened, setOpened] = useState<Opened>(null)
  const dragId = useId()
  const hasMoved = useRef(false)
  const section = useRef<HTMLDivElement>(null)
  const removedAt = useRef<number | null>(null)
  // The button of a rule that is gone had the focus: the next one takes it, or what adds a rule.
  useEffect(() => {
    const at = removedAt.current
    removedAt.current = null
    if (at === null) return
    const buttons = [...(section.current?.querySelectorAll<HTMLElement>('button') ?? [])]
    const handles = buttons.filter((button) => button.hasAttribute('aria-roledescription'))
    ;(handles[Math.min(at, handles.length - 1)] ?? buttons[0])?.focus()
  }, [rules])
  // Keys go by places and not by what lies where on the screen: each row hears its own.
  const sensors = useSensors(useSensor(PointerSensor, { activationConstraint: { distance: 4 } }))

  const move = (id: string, to: number) => {
    const from = rules.findIndex((rule) => rule.id === id)
    if (from < 0 || from === to || to < 0 || to >= rules.length) return
    setRules(
      (now) => placed(now, id, to),
      (now) => placed(now, id, from),
      t('said.moved', { at: to + 1, count: rules.length }),
    )
  }
  const remove = (rule: RoutingRule, at: number) => {
    removedAt.current = at
    setRules(
      (now) => without(now, rule.id),
      (now) => withAt(now, rule, at),
      t('said.removed'),
    )
  }
  const submit = (old: RoutingRule | null, given: Omit<RoutingRule, 'id'>) => {
    const rule = { ...given, id: old?.id ?? crypto.randomUUID() }
    setOpened(null)
    if (old)
      setRules(
        (now) => replaced(now, rule),
        (now) =>
          isSame(
            now.find(({ id }) => id === rule.id),
            rule,
          )
            ? replaced(now, old)
            : null,
        t('said.changed'),
      )
    else
      setRules(
        (now) => withAt(now, rule, now.length),
        (now) => without(now, rule.id),
        t('said.added'),
      )
  }
  const placeOf = (id: UniqueIdentifier) => rules.findIndex((rule) => rule.id === id) + 1
  const spoken = (id: UniqueIdentifier) => {
    const rule = rules.find((one) => one.id === id)
    return { name: rule ? sentence(rule) : '', count: rules.length }
  }
  const problem = problemOf('rules')
  const addButton = (
    <Button variant="secondary" disabled={known.sessions.length === 0} onClick={() => setOpened({ rule: null })}>
      <Plus aria-hidden />
      {t('add')}
    </Button>
  )
  return (
    <Section title={t('title')} intro={t('intro')}>
      <div ref={section} className="divide-line divide-y">
        {rules.length === 0 ? (
          <div className="flex flex-col items-center gap-2 px-5 py-8 text-center">
            <Route aria-hidden className="text-muted size-7" />
            <p className="font-semibold">{t('empty')}</p>
            <p className="text-muted max-w-md text-pretty">
              {known.sessions.length === 0 ? t('emptyNoSession') : t('emptyHow')}
            </p>
            <div className="pt-1">{addButton}</div>
          </div>
        ) : (
          <>
            <DndContext
              id={dragId}
              sensors={sensors}
              collisionDetection={closestCenter}
              onDragEnd={({ active, over }: DragEndEvent) => {
                if (over) move(String(active.id), placeOf(over.id) - 1)
              }}
              accessibility={{
                screenReaderInstructions: { draggable: t('dragHow') },
                announcements: {
                  onDragStart: ({ active }) => {
                    hasMoved.current = false
                    return t('drag.start', { ...spoken(active.id), at: placeOf(active.id) })
                  },
                  // It lies over its own place at first: saying so would cut off that it was picked up.
                  onDragOver: ({ active, over }) => {
                    if (!over || (over.id === active.id && !hasMoved.current)) return undefined
                    hasMoved.current = true
                    return t('drag.over', { ...spoken(active.id), at: placeOf(over.id) })
                  },
                  onDragEnd: ({ active, over }) =>
                    over ? t('drag.end', { ...spoken(active.id), at: placeOf(over.id) }) : undefined,
                  onDragCancel: ({ active }) => t('drag.cancel', { ...spoken(active.id), at: placeOf(active.id) }),
                },
              }}
            >
              <SortableContext items={rules.map(({ id }) => id)} strategy={verticalListSortingStrategy}>
                <ol aria-label={t('title')} className="divide-line divide-y">
                  {rules.map((rule, index) => (
                    <RuleRow
                      key={rule.id}
                      rule={rule}
                      place={index + 1}
                      count={rules.length}
                      known={known}
                      onEdit={() => setOpened({ rule })}
                      onMove={(to) => move(rule.id, to)}
                      onRemove={() => remove(rule, index)}
                    />
                  ))}
                </ol>
              </SortableContext>
            </DndContext>
            <div className="flex flex-wrap items-center justify-between gap-3 p-4 sm:px-5">
              <p className="text-muted text-pretty">{t('order')}</p>
              {addButton}
            </div>
          </>
        )}
      </div>
      {problem && (
        <p role="alert" className="text-bad p-4 text-pretty sm:px-5">
          {problem}
        </p>
      )}
      <RuleDialog
        key={opened ? (opened.rule?.id ?? 'new') : 'closed'}
        open={opened !== null}
        onOpenChange={(open) => {
          if (!open) setOpened(null)
        }}
        initial={opened?.rule ?? emptyDraft}
        isNew={!opened?.rule}
        known={known}
        onSubmit={(given) => submit(opened?.rule ?? null, given)}
      />
    </Section>
  )
}
