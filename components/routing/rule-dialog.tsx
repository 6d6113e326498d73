'use client'

import { RadioGroup } from 'radix-ui'
import { useId, useMemo, useState, type FormEvent } from 'react'
import { useLocale, useTranslations } from 'use-intl'
import type { RoutingRule } from '@/lib/bridge/sub-account/settings'
import type { SessionId, UserId } from '@/lib/ids'
import { Button } from '../ui/button'
import { Dialog, DialogActions } from '../ui/dialog'
import { MultiPicker } from '../ui/picker'
import { RadioRow } from '../ui/radio-row'
import { WordsInput } from '../ui/words-input'
import { countryOptions } from './countries'
import { useRuleSentence, type Known } from './rule-words'

export type Draft = Omit<RoutingRule, 'id' | 'session'> & { session: SessionId | '' }

export const emptyDraft: Draft = {
  session: '',
  appliesTo: 'new',
  when: { countries: [], tags: [], senders: [], owners: [], written: 'any' },
}

/** A rule, added or changed. */
export function RuleDialog(props: {
  open: boolean
  onOpenChange: (open: boolean) => void
  initial: Draft
  isNew: boolean
  known: Known
  onSubmit: (rule: Omit<RoutingRule, 'id'>) => void
}) {
  const t = useTranslations('rules')
  const common = useTranslations('common')
  const [draft, setDraft] = useState(props.initial)
  const [problem, setProblem] = useState<string | null>(null)
  const sentence = useRuleSentence(props.known)
  const sessionId = useId()
  const set = (change: Partial<Draft>) => setDraft((now) => ({ ...now, ...change }))

  const submit = (event: FormEvent) => {
    event.preventDefault()
    const { session } = draft
    if (session === '') {
      setProblem(t('chooseSession'))
      document.getElementById(sessionId)?.focus()
      return
    }
    props.onSubmit({ ...draft, session })
  }
  return (
    <Dialog
      open={props.open}
      onOpenChange={props.onOpenChange}
      title={props.isNew ? t('addTitle') : t('editTitle')}
      description={t('dialogHow')}
    >
      <form onSubmit={submit} className="flex flex-col gap-5" noValidate>
        <div className="flex flex-col gap-1.5">
          <label htmlFor={sessionId} className="font-medium">
            {t('session')}
          </label>
          <select
            id={sessionId}
            value={draft.session}
            aria-invalid={problem ? true : undefined}
            aria-describedby={`${sessionId}-problem`}
            onChange={(event) => {
              set({ session: event.target.value as SessionId | '' })
              setProblem(null)
            }}
            className="border-line bg-card text-ink aria-invalid:border-bad h-9 w-full rounded-lg border px-3"
          >
            <option value="">{t('choose')}</option>
            {props.known.sessions.map(({ id, label, priority, phone }) => (
              <option key={id} value={id}>
                {`${priority} · ${label}${phone ? ` (${phone})` : ''}`}
              </option>
            ))}
            {draft.session !== '' && !props.known.sessions.some(({ id }) => id === draft.session) && (
              <option value={draft.session}>{t('unknownSession')}</option>
            )}
          </select>
          {problem && (
            <p id={`${sessionId}-problem`} role="alert" className="text-bad">
              {problem}
            </p>
          )}
        </div>
        <Words
          legend={t('applies')}
          value={draft.appliesTo}
          onChange={(appliesTo) => set({ appliesTo })}
          options={[
            { value: 'new', label: t('new'), what: t('newWhat') },
            { value: 'always', label: t('always'), what: t('alwaysWhat') },
          ]}
        />
        <Conditions when={draft.when} known={props.known} onChange={(when) => set({ when })} />
        <p aria-live="polite" className="bg-sunken rounded-lg p-3 text-pretty">
          {draft.session === '' ? t('chooseSession') : sentence({ ...draft, session: draft.session })}
        </p>
        <DialogActions>
          <Button variant="secondary" onClick={() => props.onOpenChange(false)}>
            {common('cancel')}
          </Button>
          <Button type="submit">{props.isNew ? t('addSubmit') : t('editSubmit')}</Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}

function Conditions(props: { when: RoutingRule['when']; known: Known; onChange: (when: RoutingRule['when']) => void }) {
  const t = useTranslations('rules')
  const locale = useLocale()
  const tagsId = useId()
  const countries = useMemo(() => countryOptions(locale), [locale])
  const users = props.known.users.map(({ id, name, email }) => ({ value: id, label: name, detail: email }))
  const set = (change: Partial<RoutingRule['when']>) => props.onChange({ ...props.when, ...change })
  return (
    <fieldset className="flex flex-col gap-4 *:first:mb-4">
      <legend className="font-semibold">{t('conditions')}</legend>
      <p className="text-muted -mt-3 text-pretty">{t('conditionsHow')}</p>
      <MultiPicker
        label={t('countries')}
        placeholder={t('countriesFind')}
        options={countries}
        chosen={props.when.countries}
        unknown="?"
        onChange={(chosen) => set({ countries: chosen })}
      />
      <div className="flex flex-col gap-1.5">
        <label htmlFor={tagsId} className="font-medium">
          {t('tags')}
        </label>
        <WordsInput
          id={tagsId}
          words={props.when.tags}
          placeholder={t('tagsAdd')}
          judge={(word) => ([...word].length > 100 ? t('tagTooLong') : null)}
          onChange={(tags) => set({ tags: [...new Set(tags.map((tag) => tag.toLowerCase()))] })}
        />
      </div>
      <MultiPicker
        label={t('senders')}
        placeholder={t('usersFind')}
        options={users}
        chosen={props.when.senders}
        unknown={t('unknownUser')}
        onChange={(chosen) => set({ senders: chosen as UserId[] })}
      />
      <MultiPicker
        label={t('owners')}
        placeholder={t('usersFind')}
        options={users}
        chosen={props.when.owners}
        unknown={t('unknownUser')}
        onChange={(chosen) => set({ owners: chosen as UserId[] })}
      />
      <Words
        legend={t('written')}
        value={props.when.written}
        onChange={(written) => set({ written })}
        options={[
          { value: 'any', label: t('writtenAny') },
          { value: 'by_people', label: t('writtenByPeople') },
          { value: 'automated', label: t('writtenAutomated') },
        ]}
      />
    </fieldset>
  )
}

function Words<Word extends string>(props: {
  legend: string
  value: Word
  onChange: (word: Word) => void
  options: { value: Word; label: string; what?: string }[]
}) {
  const id = useId()
  return (
    <div className="flex flex-col gap-1.5">
      <p id={id} className="font-medium">
        {props.legend}
      </p>
      <RadioGroup.Root
        aria-labelledby={id}
        value={props.value}
        // Only the words given above can be chosen.
        onValueChange={(word) => props.onChange(word as Word)}
        className="flex flex-col gap-1.5"
      >
        {props.options.map((option) => (
          <RadioRow key={option.value} {...option} />
        ))}
      </RadioGroup.Root>
    </div>
  )
}
