'use client'

import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { X } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { useTranslations } from 'use-intl'
import type { Page } from '@/lib/bridge/paging'
import { keys } from '../cache'
import { useErrorText } from '../notice'
import { locationPath } from '../settings/settings-queries'
import { useSignedIn } from '../signed-in'
import { SearchList, type Option } from '../ui/picker'

export interface FoundContact {
  contactId: string
  name: string | null
  phone: string | null
}

export type Picked = { kind: 'contact'; contact: FoundContact } | { kind: 'phone'; phone: string }

const pauseMs = 250

function useSettledText(text: string): string {
  const [settled, setSettled] = useState(text)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), pauseMs)
    return () => clearTimeout(timer)
  }, [text])
  return settled
}

/** A number as somebody would write to it, in digits with its plus; null: something else was typed. */
function asPhone(typed: string): string | null {
  const digits = typed.replaceAll(/[\s().-]/g, '')
  return /^\+\d{6,15}$/.test(digits) ? digits : null
}

/** Finds a contact by name or number, as it is typed. */
export function ContactPicker(props: {
  locationId: string
  picked: Picked | null
  /** A word of how to choose would cover what is said of it below. */
  isMissing: boolean
  onPick: (picked: Picked | null) => void
}) {
  const t = useTranslations('why')
  const lists = useTranslations('lists')
  const { api } = useSignedIn()
  const errorText = useErrorText()
  const [typed, setTyped] = useState('')
  const box = useRef<HTMLDivElement>(null)
  const hasChosen = useRef(false)
  const pick = (picked: Picked | null) => {
    hasChosen.current = true
    props.onPick(picked)
  }
  // What was pressed makes room for the other of the two.
  useEffect(() => {
    if (hasChosen.current) box.current?.querySelector<HTMLElement>('input, button')?.focus()
    hasChosen.current = false
  }, [props.picked])
  const query = useSettledText(typed.trim())
  const found = useQuery({
    queryKey: keys.contacts(props.locationId, query),
    queryFn: () =>
      api.get<Page<FoundContact>>(`${locationPath(props.locationId)}/contacts?${new URLSearchParams({ query })}`),
    enabled: query !== '' && props.picked === null,
    placeholderData: keepPreviousData,
    staleTime: 10_000,
  })
  if (props.picked) {
    const { picked } = props
    const name = picked.kind === 'phone' ? picked.phone : (picked.contact.name ?? picked.contact.phone ?? t('unnamed'))
    return (
      <div ref={box} className="flex flex-col gap-1.5">
        <p className="font-medium">{t('contact')}</p>
        <div className="border-line flex min-h-9 items-center gap-2 rounded-lg border py-1 pr-1 pl-3">
          <p className="min-w-0 flex-1 truncate">
            {name}
            {picked.kind === 'contact' && picked.contact.name !== null && picked.contact.phone && (
              <bdi dir="ltr" className="text-muted ml-2">
                {picked.contact.phone}
              </bdi>
            )}
          </p>
          <button
            type="button"
            aria-label={lists('removeNamed', { name })}
            className="text-muted hover:text-ink flex size-7 shrink-0 items-center justify-center rounded-md"
            onClick={() => pick(null)}
          >
            <X aria-hidden className="size-4" />
          </button>
        </div>
      </div>
    )
  }
  const phone = asPhone(typed)
  const items = query === '' ? [] : (found.data?.items ?? [])
  const options: Option[] = [
    ...items.map(({ contactId, name, phone: number }) => ({
      value: contactId,
      label: name ?? number ?? t('unnamed'),
      detail: name === null ? null : number,
    })),
    ...(phone && !items.some((item) => item.phone === phone)
      ? [{ value: phone, label: t('usePhone', { name: phone }) }]
      : []),
  ]
  const note = found.error
    ? errorText(found.error)
    : typed.trim() === ''
      ? props.isMissing
        ? null
        : t('contactHow')
      : found.isFetching || query !== typed.trim()
        ? t('searching')
        : options.length === 0
          ? t('noContact')
          : null
  return (
    <div ref={box}>
      <SearchList
        label={t('contact')}
        placeholder={t('contactFind')}
        options={options}
        typed={typed}
        note={note}
        onType={setTyped}
        onPick={({ value }) => {
          const contact = items.find(({ contactId }) => contactId === value)
          pick(contact ? { kind: 'contact', contact } : { kind: 'phone', phone: value })
          setTyped('')
        }}
      />
    </div>
  )
}
