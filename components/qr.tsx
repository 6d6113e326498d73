'use client'

import { QRCodeSVG } from 'qrcode.react'
import type { ReactNode } from 'react'
import { useTranslations } from 'use-intl'
import type { QrView } from '@/lib/bridge/session/pairing'
import { CopyButton } from './copy-button'
import { Skeleton } from './ui/skeleton'
import { useCountdown } from './use-countdown'

/** Dark on white in every theme, with its quiet zone: cameras need both. */
export function Qr({ pairing, label }: { pairing: QrView; label: string }) {
  const t = useTranslations('linking')
  const seconds = useCountdown(pairing.expiresAt)
  const isOver = seconds === 0
  return (
    <figure className="flex flex-col items-center gap-3">
      <div
        draggable={!isOver}
        onDragStart={(event) => {
          event.dataTransfer.setData('text/plain', pairing.qr)
          event.dataTransfer.setData('text/uri-list', pairing.qr)
          event.dataTransfer.effectAllowed = 'copy'
        }}
        className="grid aspect-square w-full max-w-72 cursor-grab place-items-center overflow-hidden rounded-lg bg-white active:cursor-grabbing"
        data-testid="qr"
      >
        {isOver ? (
          <Skeleton className="size-full rounded-none" />
        ) : (
          <QRCodeSVG
            value={pairing.qr}
            level="L"
            marginSize={4}
            bgColor="#ffffff"
            fgColor="#000000"
            title={t('qrLabel', { label })}
            role="img"
            key={pairing.qr}
            ref={inWholePixels}
            className="size-full"
          />
        )}
      </div>
      <figcaption className="flex w-full max-w-72 items-center justify-between gap-2">
        <span className="text-muted tabular-nums">{isOver ? t('renewing') : t('newIn', { seconds })}</span>
        <CopyButton text={pairing.qr} label={t('copyLink')} size="small" disabled={isOver} />
      </figcaption>
    </figure>
  )
}

/** Squares of unequal width are hard to read from a screen, so each takes the same number of whole pixels. */
function inWholePixels(code: SVGSVGElement | null) {
  const frame = code?.parentElement
  if (!code || !frame) return
  const squares = code.viewBox.baseVal.width
  const fit = () => {
    const side = Math.floor(frame.clientWidth / squares) * squares
    code.style.width = code.style.height = side > 0 ? `${side}px` : ''
  }
  fit()
  const watcher = new ResizeObserver(fit)
  watcher.observe(frame)
  return () => watcher.disconnect()
}

/** As large as a code with its line below, so that one takes the place of the other. */
export function QrFrame({ caption, children }: { caption: string; children: ReactNode }) {
  return (
    <div className="flex flex-col items-center gap-3">
      <div className="aspect-square w-full max-w-72">{children}</div>
      <p className="text-muted flex h-8 w-full max-w-72 items-center">{caption}</p>
    </div>
  )
}
