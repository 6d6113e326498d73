'use client'

import { useState, type FormEvent } from 'react'
import { useTranslations } from 'use-intl'
import type { PairingCodeView } from '@/lib/bridge/session/pairing'
import type { SessionView } from '@/lib/bridge/session/session'
import { CopyButton } from './copy-button'
import { useErrorText } from './notice'
import { usePairingCode } from './queries'
import { Button } from './ui/button'
import { TextField } from './ui/field'
import { useCountdown } from './use-countdown'

export function PairingCode({ session }: { session: SessionView }) {
  const t = useTranslations('linking')
  const errorText = useErrorText()
  const asking = usePairingCode(session)
  const [phone, setPhone] = useState(session.phone ?? '')
  const [invalid, setInvalid] = useState(false)

  const submit = (event: FormEvent) => {
    event.preventDefault()
    const isNumber = /^[1-9]\d{5,14}$/.test(phone.replace(/[\s().+-]/g, ''))
    setInvalid(!isNumber)
    if (isNumber) asking.mutate(phone)
  }

  if (asking.data && !asking.isPending)
    return <ShownCode pairing={asking.data} key={asking.data.code} onAgain={() => asking.reset()} />
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
        onChange={(event) => setPhone(event.target.value)}
        disabled={asking.isPending}
      />
      <Button type="submit" disabled={asking.isPending} aria-live="polite">
        {asking.isPending ? t('askingCode') : t('getCode')}
      </Button>
    </form>
  )
}

function ShownCode({ pairing, onAgain }: { pairing: PairingCodeView; onAgain: () => void }) {
  const t = useTranslations('linking')
  const seconds = useCountdown(pairing.expiresAt)
  const half = Math.ceil(pairing.code.length / 2)
  const when = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
  return (
    <div className="flex flex-col items-center gap-4 py-2">
      <p className="sr-only" role="status">
        {t('codeLabel')} {[...pairing.code].join(' ')}
      </p>
      <p
        dir="ltr"
        aria-label={t('codeLabel')}
        data-testid="pairing-code"
        className={`flex gap-4 font-mono text-2xl font-semibold tracking-widest ${seconds === 0 ? 'text-muted line-through' : ''}`}
      >
        <span>{pairing.code.slice(0, half)}</span>
        <span>{pairing.code.slice(half)}</span>
      </p>
      <p className="text-muted tabular-nums">{seconds === 0 ? t('codeOver') : t('expires', { when })}</p>
      <div className="flex flex-wrap justify-center gap-2">
        {seconds > 0 && <CopyButton text={pairing.code} label={t('copyCode')} />}
        <Button variant={seconds > 0 ? 'quiet' : 'primary'} onClick={onAgain}>
          {t('anotherCode')}
        </Button>
      </div>
    </div>
  )
}
