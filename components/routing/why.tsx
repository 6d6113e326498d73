'use client'

import { useMutation } from '@tanstack/react-query'
import { CircleCheck, CircleX } from 'lucide-react'
import { useId, useRef, useState, type FormEvent } from 'react'
import { useTranslations } from 'use-intl'
import type { MessageView } from '@/lib/bridge/message/view'
import { Problem } from '../notice'
import { locationPath } from '../settings/settings-queries'
import { Section } from '../settings/section'
import { useSignedIn } from '../signed-in'
import { TraceSteps, useFailureText, useTraceSentence } from '../trace'
import { Button } from '../ui/button'
import { ContactPicker, type Picked } from './contact-picker'
import { ContactSession } from './contact-session'
import type { Known } from './rule-words'

interface RoutingAnswer {
  session: { id: string; label: string; priority: number; phone: string | null } | null
  trace: NonNullable<MessageView['trace']>
  failure: MessageView['failure']
  body: string
}

const field =
  'border-line bg-card text-ink placeholder:text-muted aria-invalid:border-bad w-full rounded-lg border px-3'

/** Which session would send a message, and why. Nothing is sent. */
export function Why({ locationId, known }: { locationId: string; known: Known }) {
  const t = useTranslations('why')
  const { api } = useSignedIn()
  const ids = { sender: useId(), text: useId(), problem: useId() }
  const [picked, setPicked] = useState<Picked | null>(null)
  const [sender, setSender] = useState('')
  const [text, setText] = useState('')
  const [isMissing, setMissing] = useState(false)
  const form = useRef<HTMLFormElement>(null)
  const asking = useMutation({
    mutationFn: (who: Picked) =>
      api.send<RoutingAnswer>('POST', `${locationPath(locationId)}/routing/preview`, {
        ...(who.kind === 'contact' ? { contactId: who.contact.contactId } : { phone: who.phone }),
        userId: sender === '' ? null : sender,
        text,
      }),
  })
  const ask = (event?: FormEvent) => {
    event?.preventDefault()
    setMissing(picked === null)
    if (picked) asking.mutate(picked)
    else form.current?.querySelector('input')?.focus()
  }
  return (
    <Section title={t('title')} intro={t('intro')}>
      <form ref={form} onSubmit={ask} className="flex flex-col gap-4 p-4 sm:px-5" noValidate>
        <div className="flex flex-col gap-1.5">
          <ContactPicker
            locationId={locationId}
            picked={picked}
            isMissing={isMissing}
            onPick={(who) => {
              setPicked(who)
              setMissing(false)
              asking.reset()
            }}
          />
          {isMissing && (
            <p role="alert" className="text-bad">
              {t('contactMissing')}
            </p>
          )}
        </div>
        <div className="flex flex-col gap-1.5">
          <label htmlFor={ids.sender} className="font-medium">
            {t('sender')}
          </label>
          <select
            id={ids.sender}
            value={sender}
            onChange={(event) => {
              setSender(event.target.value)
              asking.reset()
            }}
            className={`${field} h-9`}
          >
            <option value="">{t('automated')}</option>
            {known.users.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        </div>
        <div className="flex flex-col gap-1.5">
          <label htmlFor={ids.text} className="font-medium">
            {t('text')}
          </label>
          <textarea
            id={ids.text}
            rows={3}
            value={text}
            placeholder={t('textHint')}
            onChange={(event) => {
              setText(event.target.value)
              asking.reset()
            }}
            className={`${field} min-h-20 resize-y py-2`}
          />
        </div>
        <Problem error={asking.error} />
        <Button type="submit" disabled={asking.isPending}>
          {t('ask')}
        </Button>
      </form>
      <div aria-live="polite">{asking.data && <Answer answer={asking.data} />}</div>
      {picked?.kind === 'contact' && (
        <ContactSession
          key={picked.contact.contactId}
          locationId={locationId}
          contact={picked.contact}
          known={known}
          onChanged={() => {
            if (asking.data) ask()
          }}
        />
      )}
    </Section>
  )
}

function Answer({ answer: { session, trace, failure, body } }: { answer: RoutingAnswer }) {
  const t = useTranslations('why')
  const sentence = useTraceSentence()
  const failureText = useFailureText()
  const Icon = failure ? CircleX : CircleCheck
  // Where English is the server's, it speaks of messages.
  const would = failure ? 'It would have been sent on ' : 'Would be sent on '
  const said = sentence(trace, session, failure).replace(/^Sent on /, would)
  const failed = failure && failureText(failure)
  return (
    <section aria-label={t('answer')} className="flex flex-col gap-3 p-4 sm:px-5">
      <p className={`flex items-start gap-2 font-semibold ${failure ? 'text-bad' : 'text-good'}`}>
        <Icon aria-hidden className="mt-0.5 size-4 shrink-0" />
        <span className="min-w-0 break-words">
          {failure ? t('wouldFail') : t('wouldSend', { label: session?.label ?? '', count: session?.priority ?? 0 })}
          {!failure && session?.phone && (
            <bdi dir="ltr" className="block font-normal">
              {session.phone}
            </bdi>
          )}
        </span>
      </p>
      <p className="text-pretty">{said}</p>
      {failed && !said.includes(failed) && <p className="text-bad text-pretty">{failed}</p>}
      <TraceSteps trace={trace} labelled={t('steps')} />
      {!failure && (
        <div>
          <p className="text-muted text-xs">{t('delivered')}</p>
          <p className="bg-sunken mt-1 rounded-lg px-3 py-2 break-words whitespace-pre-wrap">
            {body === '' ? <span className="text-muted italic">{t('noText')}</span> : body}
          </p>
        </div>
      )}
    </section>
  )
}
