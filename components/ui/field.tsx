'use client'

import { useId, type ComponentProps } from 'react'
import { cn } from './cn'

const box =
  'h-9 w-full rounded-lg border border-line bg-card px-3 text-ink placeholder:text-muted disabled:opacity-55 aria-invalid:border-bad'

export function TextField({
  label,
  hint,
  error,
  className,
  ...props
}: ComponentProps<'input'> & { label: string; hint?: string; error?: string | null }) {
  const id = useId()
  return (
    <div className="flex flex-col gap-1.5">
      <label htmlFor={id} className="font-medium">
        {label}
      </label>
      <input
        id={id}
        className={cn(box, className)}
        aria-invalid={error ? true : undefined}
        aria-describedby={`${id}-more`}
        {...props}
      />
      <p id={`${id}-more`} role={error ? 'alert' : undefined} className={error ? 'text-bad' : 'text-muted'}>
        {error ?? hint}
      </p>
    </div>
  )
}

export function SelectField({ label, className, ...props }: ComponentProps<'select'> & { label: string }) {
  const id = useId()
  return (
    <div className="min-w-36 flex-1 sm:flex-none">
      <label htmlFor={id} className="sr-only">
        {label}
      </label>
      <select id={id} className={cn(box, 'sm:w-44', className)} {...props} />
    </div>
  )
}
