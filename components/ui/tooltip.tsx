'use client'

import { Tooltip as Radix } from 'radix-ui'
import { useState, type ReactNode } from 'react'
import { mainLandmark } from './landmark'

/** More about what it stands on, for a pointer that rests there and for the keyboard's focus. */
export function Tooltip({ text, children }: { text: string; children: ReactNode }) {
  const [isOpen, setOpen] = useState(false)
  return (
    <Radix.Provider delayDuration={200}>
      <Radix.Root open={isOpen} onOpenChange={setOpen}>
        {/* A finger has nothing but the tap, which would close it. */}
        <Radix.Trigger asChild onClick={(event) => (event.preventDefault(), setOpen(true))}>
          {children}
        </Radix.Trigger>
        <Radix.Portal container={mainLandmark()}>
          <Radix.Content
            sideOffset={4}
            collisionPadding={8}
            className="bg-ink text-surface z-50 max-w-72 rounded-md px-2.5 py-1.5 text-xs shadow-lg"
          >
            {text}
          </Radix.Content>
        </Radix.Portal>
      </Radix.Root>
    </Radix.Provider>
  )
}
