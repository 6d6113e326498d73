'use client'

import { ArrowDownLeft, ArrowUpRight, ChevronDown } from 'lucide-react'
import { Collapsible } from 'radix-ui'
import { useCallback, useId, useState } from 'react'
import { useFormatter, useLocale, useTranslations } from 'use-intl'
import type { MessageView, ShownStatus } from '@/lib/bridge/message/view'
import { Badge } from './state-badge'
import { TraceSteps, useFailureText, useTraceSentence } from './trace'
import { Button } from './ui/button'
import { cn } from './ui/cn'

const tones: Record<ShownStatus, 'good' | 'wait' | 'bad' | 'still'> = {
  received: 'still',
  queued: 'still',
  held: 'wait',
  sending: 'still',
  sent: 'still',
  delivered: 'good',
  read: 'good',
  failed: 'bad',
}

export function MessageRow({ message }: { message: MessageView }) {
  const t = useTranslations('message')
  const steps = useTranslations('trace')
  const format = useFormatter()
  const sentence = useTraceSentence()
  const failureText = useFailureText()
  const waits = useWaitingText()
  const failure = message.failure && failureText(message.failure)
  const said = message.trace ? sentence(message.trace, message.session, message.failure) : t('noTrace')
  const isOut = message.direction === 'outbound'
  const Direction = isOut ? ArrowUpRight : ArrowDownLeft
  const phone = message.contact?.phone ?? message.to
  const who = message.contact?.name || phone || t(message.text === null ? 'hiddenContact' : 'unknownContact')
  const at = new Date(message.occurredAt)
  return (
    <Collapsible.Root className="flex flex-col gap-2 px-4 py-3">
      <div className="flex items-center gap-3">
        <Direction aria-label={t(`direction.${message.direction}`)} role="img" className="text-muted size-4 shrink-0" />
        <span className="min-w-0 truncate font-medium">{who}</span>
        <span className="ml-auto">
          {isOut ? (
            <Badge tone={tones[message.status]}>{t(`status.${message.status}`)}</Badge>
          ) : (
            <Badge tone="still">{t('direction.inbound')}</Badge>
          )}
        </span>
      </div>

      <Text message={message} />
      {message.failure && (
        <p className="text-bad text-pretty">
          <strong className="font-semibold">{t(`failure.${message.failure.code}`)}.</strong> {failure}
        </p>
      )}
      {message.reason && <p className="text-wait text-pretty">{waits(message)}</p>}

      <div className="text-muted flex min-h-8 flex-wrap items-center gap-x-3 text-[0.8125rem]">
        <time dateTime={message.occurredAt} title={format.dateTime(at, { dateStyle: 'full', timeStyle: 'medium' })}>
          {format.dateTime(at, { dateStyle: 'short', timeStyle: 'short' })}
        </time>
        <span aria-hidden>·</span>
        <span className="truncate">{message.session?.label ?? t('noSession')}</span>
        <span aria-hidden>·</span>
        <span>{t(`origin.${message.origin}`)}</span>
        {message.attachmentCount > 0 && (
          <>
            <span aria-hidden>·</span>
            <span>{t('attachments', { count: message.attachmentCount })}</span>
          </>
        )}
        {message.parts.length > 1 && (
          <>
            <span aria-hidden>·</span>
            <span>{t('parts', { count: message.parts.length })}</span>
          </>
        )}
        {message.trace && (
          <Collapsible.Trigger asChild>
            <Button variant="quiet" size="small" className="group -mr-2 ml-auto">
              {t('why')}
              <ChevronDown aria-hidden className="transition-transform group-data-[state=open]:rotate-180" />
            </Button>
          </Collapsible.Trigger>
        )}
      </div>
      <Collapsible.Content className="bg-sunken flex flex-col gap-2 rounded-lg px-3 py-2">
        {said !== failure && (
          <p className="text-pretty">
            <span className="sr-only">{t('whyTitle')}: </span>
            {said}
          </p>
        )}
        {message.trace && <TraceSteps trace={message.trace} labelled={steps('title')} />}
      </Collapsible.Content>
    </Collapsible.Root>
  )
}

/** Why it waits, in the reader's language; English names the session. */
function useWaitingText(): (message: MessageView) => string | null {
  const t = useTranslations('waits')
  const isEnglish = useLocale().startsWith('en')
  return ({ status, reason }) => (isEnglish || !t.has(status) ? reason : t(status))
}

function Text({ message }: { message: MessageView }) {
  const t = useTranslations('message')
  if (message.text === null) return null
  if (message.text === '') return <p className="text-muted italic">{t('noText')}</p>
  return <LongText text={message.text} />
}

/** Its first lines, and all of it for whoever wants to read on. */
function LongText({ text }: { text: string }) {
  const t = useTranslations('message')
  const id = useId()
  const [isOpen, setOpen] = useState(false)
  const [isCut, setCut] = useState(false)
  const shown = useCallback((paragraph: HTMLParagraphElement | null) => {
    if (!paragraph) return
    const watcher = new ResizeObserver(() => {
      if (paragraph.dataset.open !== 'true') setCut(paragraph.scrollHeight > paragraph.clientHeight + 1)
    })
    watcher.observe(paragraph)
    return () => watcher.disconnect()
  }, [])
  return (
    <>
      <p
        ref={shown}
        id={id}
        data-open={isOpen}
        className={cn('break-words whitespace-pre-wrap', !isOpen && 'line-clamp-4')}
      >
        {text}
      </p>
      {isCut && (
        <button
          type="button"
          aria-expanded={isOpen}
          aria-controls={id}
          onClick={() => setOpen(!isOpen)}
          className="text-accent self-start font-medium underline underline-offset-4"
        >
          {t(isOpen ? 'less' : 'more')}
        </button>
      )}
    </>
  )
}
