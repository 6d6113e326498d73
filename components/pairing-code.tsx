'use client'

import { useEffect, useRef, useState, type FormEvent } from 'react'
import { useTranslations } from 'use-intl'
import type { PairingCodeView } from '@/lib/bridge/session/pairing'
import type { SessionView } from '@/lib/bridge/session/session'
import { ApiError } from './api'
import { CopyButton } from './copy-button'
import { useErrorText } from './notice'
import { usePairingCode } from './queries'
import { Button } from './ui/button'
import { TextField } from './ui/field'
import { useCountdown } from './use-countdown'

interface Given {
  pairing: PairingCodeView
  phone: string
}

export function PairingCode({ session }: { session: SessionView }) {
  const t = useTranslations('linking')
  const errorText = useErrorText()
  const asking = usePairingCode(session)
  const [phone, setPhone] = useState(session.phone ?? '')
  const [given, setGiven] = useState<Given | null>(null)
  const [invalid, setInvalid] = useState(false)

  const ask = (wanted: string) => {
    if (asking.isPending) return
    asking.mutate(wanted, {
      onSuccess: (pairing) => setGiven({ pairing, phone: wanted }),
      onError: (error) => {
        // Refused for being too early, the code before is still good; any other attempt has taken its place.
        if (!(error instanceof ApiError && error.code === 'too_many_requests')) setGiven(null)
      },
    })
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const isNumber = /^[1-9]\d{5,14}$/.test(phone.replace(/[\s().+-]/g, ''))
    setInvalid(!isNumber)
    if (isNumber) ask(phone)
  }

  if (given)
    return (
      <ShownCode
        given={given}
        isAsking={asking.isPending}
        problem={asking.error ? errorText(asking.error) : null}
        onAgain={() => ask(given.phone)}
        onOther={() => {
          asking.reset()
          setGiven(null)
        }}
      />
    )
  return (
    <form onSubmit={submit} className="flex flex-col gap-3" noValidate>
      <TextField
        label={t('phone')}
        hint={t('phoneHint')}
        error={invalid ? t('phoneInvalid') : asking.error ? errorText(asking.error) : null}
        type="tel"
        inputMode="tel"
        autoComplete="off"
        dir="ltr"
        value={phone}
        onChange={(event) => {
          setPhone(event.target.value)
          setInvalid(false)
        }}
        readOnly={asking.isPending}
      />
      <Button type="submit" aria-disabled={asking.isPending} className="aria-disabled:opacity-55">
        {asking.isPending ? t('askingCode') : t('getCode')}
      </Button>
      <p role="status" className="sr-only">
        {asking.isPending ? t('askingCode') : ''}
      </p>
    </form>
  )
}

function ShownCode(props: {
  given: Given
  isAsking: boolean
  problem: string | null
  onAgain: () => void
  onOther: () => void
}) {
  const t = useTranslations('linking')
  const { pairing, phone } = props.given
  const seconds = useCountdown(pairing.expiresAt)
  const isOver = seconds === 0
  const half = Math.ceil(pairing.code.length / 2)
  const when = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
  const box = useRef<HTMLDivElement>(null)
  // What had the focus, the form, is gone.
  useEffect(() => box.current?.focus({ preventScroll: true }), [])
  return (
    <div ref={box} tabIndex={-1} className="flex flex-col items-center gap-3 rounded-lg py-2">
      <p className="sr-only" role="status">
        {t('codeLabel')} {[...pairing.code].join(' ')}
      </p>
      <p
        dir="ltr"
        aria-label={t('codeLabel')}
        data-testid="pairing-code"
        className={`flex gap-4 font-mono text-2xl font-semibold tracking-widest ${isOver ? 'text-muted line-through' : ''} ${props.isAsking ? 'opacity-40' : ''}`}
      >
        <span>{pairing.code.slice(0, half)}</span>
        <span>{pairing.code.slice(half)}</span>
      </p>
      <p className="text-muted text-center tabular-nums">
        {t('codeFor')} <bdi dir="ltr">{phone}</bdi>
        <br />
        {props.isAsking ? t('askingCode') : isOver ? t('codeOver') : t('expires', { when })}
      </p>
      <div className="flex flex-wrap justify-center gap-2">
        {!isOver && <CopyButton text={pairing.code} label={t('copyCode')} />}
        <Button
          variant={isOver ? 'primary' : 'secondary'}
          aria-disabled={props.isAsking}
          className="aria-disabled:opacity-55"
          onClick={props.onAgain}
        >
          {t('anotherCode')}
        </Button>
        <Button variant="quiet" onClick={props.onOther}>
          {t('otherNumber')}
        </Button>
      </div>
      <p role="alert" className="text-bad text-center text-pretty empty:hidden">
        {props.problem}
      </p>
    </div>
  )
}
