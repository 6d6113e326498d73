'use client'

import { RadioGroup } from 'radix-ui'
import { useId } from 'react'

/** One of a RadioGroup's choices, with what it does. */
export function RadioRow({ value, label, what }: { value: string; label: string; what?: string }) {
  const id = useId()
  return (
    <div className="has-data-[state=checked]:border-accent border-line flex items-start gap-3 rounded-lg border px-3 py-2.5">
      <RadioGroup.Item
        id={id}
        value={value}
        aria-labelledby={`${id}-label`}
        aria-describedby={what ? `${id}-what` : undefined}
        className="border-muted data-[state=checked]:border-accent mt-0.5 flex size-4 shrink-0 items-center justify-center rounded-full border"
      >
        <RadioGroup.Indicator className="bg-accent size-2 rounded-full" />
      </RadioGroup.Item>
      <label htmlFor={id} className="min-w-0 flex-1">
        <span id={`${id}-label`} className="block font-medium">
          {label}
        </span>
        {what && (
          <span id={`${id}-what`} className="text-muted block text-pretty">
            {what}
          </span>
        )}
      </label>
    </div>
  )
}
