'use client'

import { useId } from 'react'
import { Switch } from './switch'

/** A switch with its name and what it does; where it cannot be turned, the line says why. */
export function SwitchRow(props: {
  label: string
  hint: string
  checked: boolean
  disabled?: boolean
  onCheckedChange: (on: boolean) => void
}) {
  const id = useId()
  return (
    <div className="flex items-center justify-between gap-4">
      <div className="min-w-0">
        <label htmlFor={id} className="font-medium">
          {props.label}
        </label>
        <p id={`${id}-hint`} className="text-muted min-h-10 text-[0.8125rem] text-pretty">
          {props.hint}
        </p>
      </div>
      <Switch
        id={id}
        aria-describedby={`${id}-hint`}
        checked={props.checked}
        disabled={props.disabled}
        onCheckedChange={props.onCheckedChange}
      />
    </div>
  )
}
