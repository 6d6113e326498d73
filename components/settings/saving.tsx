'use client'

import { useQueryClient } from '@tanstack/react-query'
import { Undo2, X } from 'lucide-react'
import { createContext, useCallback, useContext, useMemo, useRef, useState, type ReactNode } from 'react'
import { useTranslations } from 'use-intl'
import type { Settings } from '@/lib/bridge/sub-account/settings'
import { ApiError } from '../api'
import { keys, outrun } from '../cache'
import { useErrorText } from '../notice'
import { useSignedIn } from '../signed-in'
import { Button } from '../ui/button'
import { beginEdit, withEdits, type Edit } from './edits'
import { locationPath } from './settings-queries'

type Patch = Partial<Settings>

interface Change {
  /** Named in what is said about it. */
  what: string
  /** Where a refusal is shown. */
  field: keyof Settings
  edit: Edit<Settings>
  /** Made by `undo`; null there: somebody changed the same since. */
  back: Edit<Settings>
}

interface Saving {
  set(patch: Patch, what: string): void
  setRules(edit: Edit<Settings['rules']>, back: Edit<Settings['rules']>, what: string): void
  problemOf(field: keyof Settings): string | null
  isSaving: boolean
}

type Said = { at: 'saving' | 'saved' | 'undone' | 'overtaken' | 'failed'; what: string; back: Change | null } | null

const SavingContext = createContext<Saving | null>(null)

export function useSaving(): Saving {
  const value = useContext(SavingContext)
  if (!value) throw new Error('useSaving is for what stands inside SavingSettings')
  return value
}

/** The database keeps no order of an object's keys. */
const inOrder = (_: string, value: unknown): unknown =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value
export const isSame = (a: unknown, b: unknown) => JSON.stringify(a, inOrder) === JSON.stringify(b, inOrder)

/** Every control of a settings page saves at once; what was saved is said, and can be undone. */
export function SavingSettings({ locationId, children }: { locationId: string; children: ReactNode }) {
  const { api } = useSignedIn()
  const queries = useQueryClient()
  const errorText = useErrorText()
  const t = useTranslations('saving')
  const common = useTranslations('common')
  const bar = useRef<HTMLDivElement>(null)
  const [said, setSaid] = useState<Said>(null)
  const [problems, setProblems] = useState<Partial<Record<keyof Settings, string>>>({})
  // One at a time: each is made to what the one before has left.
  const line = useRef<Promise<void>>(Promise.resolve())
  const key = useMemo(() => keys.settings(locationId), [locationId])
  const path = `${locationPath(locationId)}/settings`

  const make = useCallback(
    (change: Change, isUndo: boolean) => {
      const optimistic = queries.getQueryData<Settings>(key)
      const hoped = optimistic && change.edit(optimistic)
      if (hoped) {
        void queries.cancelQueries({ queryKey: key })
        queries.setQueryData(key, hoped)
      }
      const endEdit = beginEdit(locationId, change.edit)
      // With what is still to be saved.
      const show = (saved: Settings) => {
        endEdit()
        queries.setQueryData(key, withEdits(locationId, saved))
        outrun(queries, key)
      }
      setSaid({ at: 'saving', what: change.what, back: null })
      setProblems(({ [change.field]: _old, ...others }) => others)
      const save = async () => {
        try {
          const now = await api.get<Settings>(path)
          const wanted = change.edit(now)
          if (wanted === null) {
            show(now)
            setSaid({ at: 'overtaken', what: change.what, back: null })
            return
          }
          const patch = Object.fromEntries(
            Object.entries(wanted).filter(([name, value]) => !isSame(value, now[name as keyof Settings])),
          )
          const saved = Object.keys(patch).length === 0 ? now : await api.send<Settings>('PATCH', path, patch)
          show(saved)
          const back: Change = { ...change, edit: change.back, back: change.edit }
          setSaid({ at: isUndo ? 'undone' : 'saved', what: change.what, back: isUndo ? null : back })
        } catch (error) {
          endEdit()
          const told = error instanceof ApiError ? Object.entries(error.fields) : []
          const [, ofField] = told.find(([name]) => name.split('.')[0] === change.field) ?? []
          setProblems((all) => ({ ...all, [change.field]: ofField ?? errorText(error) }))
          setSaid({ at: 'failed', what: change.what, back: null })
          // Asking what is saved may fail too, and a control must not go on showing what is not.
          const shown = queries.getQueryData<Settings>(key)
          const before = hoped && shown && change.back(shown)
          if (before) queries.setQueryData(key, before)
          await queries.invalidateQueries({ queryKey: key })
        }
      }
      line.current = line.current.then(save)
    },
    [api, errorText, key, locationId, path, queries],
  )

  const value = useMemo<Saving>(
    () => ({
      set(patch, what) {
        const names = Object.keys(patch) as (keyof Settings)[]
        const before = queries.getQueryData<Settings>(key)
        if (!before || names.every((name) => isSame(before[name], patch[name]))) return
        const old = Object.fromEntries(names.map((name) => [name, before[name]])) as Patch
        make(
          {
            what,
            field: names[0]!,
            edit: (now) => ({ ...now, ...patch }),
            back: (now) => (names.every((name) => isSame(now[name], patch[name])) ? { ...now, ...old } : null),
          },
          false,
        )
      },
      setRules(edit, back, what) {
        const within =
          (change: Edit<Settings['rules']>): Edit<Settings> =>
          (now) => {
            const rules = change(now.rules)
            return rules && { ...now, rules }
          }
        make({ what, field: 'rules', edit: within(edit), back: within(back) }, false)
      },
      problemOf: (field) => problems[field] ?? null,
      isSaving: said?.at === 'saving',
    }),
    [key, make, problems, queries, said?.at],
  )

  return (
    <SavingContext value={value}>
      {children}
      <div className="pointer-events-none sticky bottom-3 z-20 mt-4 flex min-h-12 justify-center">
        <div
          ref={bar}
          tabIndex={-1}
          role="status"
          aria-label={t('label')}
          className={
            said
              ? 'border-line bg-card pointer-events-auto flex max-w-full items-center gap-1.5 rounded-xl border py-1.5 pr-1.5 pl-4 shadow-lg'
              : 'sr-only'
          }
        >
          {said && (
            <>
              <span className="min-w-0 py-1.5 pr-2.5 text-pretty">{t(said.at, { name: said.what })}</span>
              {said.back && (
                <Button
                  variant="secondary"
                  size="small"
                  onClick={() => {
                    make(said.back!, true)
                    bar.current?.focus()
                  }}
                >
                  <Undo2 aria-hidden />
                  {t('undo')}
                </Button>
              )}
              <Button
                variant="quiet"
                size="icon"
                className="size-8"
                aria-label={common('close')}
                onClick={() => {
                  setSaid(null)
                  bar.current?.focus()
                }}
              >
                <X aria-hidden />
              </Button>
            </>
          )}
        </div>
      </div>
    </SavingContext>
  )
}
