'use client'

import { RadioGroup } from 'radix-ui'
import type { Settings } from '@/lib/bridge/sub-account/settings'
import { RadioRow } from '../ui/radio-row'
import { Switch } from '../ui/switch'
import { WordsInput } from '../ui/words-input'
import { About, Beside, Problem, useSetting } from './setting'

type Named<Kind> = { [Name in keyof Settings]: Settings[Name] extends Kind ? Name : never }[keyof Settings]

export function SwitchSetting(props: {
  name: Named<boolean>
  settings: Settings
  /** Why this reader cannot change it. */
  locked?: string | null
}) {
  const { name, settings, locked = null } = props
  const setting = useSetting(name)
  return (
    <div className="flex items-start justify-between gap-4 p-4 sm:px-5">
      <div className="min-w-0">
        <About setting={setting} more={locked} />
        <Problem id={setting.id} text={setting.problem} />
      </div>
      <Switch
        id={setting.id}
        disabled={locked !== null}
        checked={settings[name]}
        onCheckedChange={setting.save}
        aria-describedby={setting.describedBy}
      />
    </div>
  )
}

/** One of a few words, each with what it does. */
export function ChoiceSetting<
  Name extends 'sessionChoice' | 'whenContactSessionIsDown' | 'tagMode' | 'namePolicy' | 'inboundLabel',
>({ name, settings, words }: { name: Name; settings: Settings; words: readonly Settings[Name][] }) {
  const setting = useSetting(name)
  return (
    <div className="p-4 sm:px-5">
      <About setting={setting} of="group" />
      <RadioGroup.Root
        value={settings[name]}
        onValueChange={(chosen) => {
          const word = words.find((one) => one === chosen)
          if (word !== undefined) setting.save(word)
        }}
        aria-labelledby={setting.id}
        aria-describedby={setting.describedBy}
        className="mt-3 flex flex-col gap-2"
      >
        {words.map((word) => (
          <RadioRow key={word} value={word} label={setting.text(word)} what={setting.text(`${word}What`)} />
        ))}
      </RadioGroup.Root>
      <Problem id={setting.id} text={setting.problem} />
    </div>
  )
}

/** One of a few words that need no more said. */
export function SelectSetting<Name extends 'language'>(props: {
  name: Name
  settings: Settings
  choices: readonly { value: Settings[Name]; text: string }[]
}) {
  const { name, settings, choices } = props
  const setting = useSetting(name)
  return (
    <Beside setting={setting} problem={setting.problem}>
      <select
        id={setting.id}
        value={settings[name]}
        aria-describedby={setting.describedBy}
        onChange={({ target }) => {
          const chosen = choices.find(({ value }) => value === target.value)
          if (chosen) setting.save(chosen.value)
        }}
        className="border-line bg-card text-ink h-9 w-full min-w-0 shrink-0 rounded-lg border px-3 sm:w-52"
      >
        {choices.map(({ value, text }) => (
          <option key={value} value={value} lang={value}>
            {text}
          </option>
        ))}
      </select>
    </Beside>
  )
}

/** Words of one's own, one by one. */
export function WordsSetting(props: {
  name: 'alertEmails' | 'pushedTags'
  settings: Settings
  judge: (word: string) => string | null
}) {
  const { name, settings, judge } = props
  const setting = useSetting(name)
  return (
    <div className="p-4 sm:px-5">
      <div className="mb-2">
        <About setting={setting} />
      </div>
      <WordsInput
        id={setting.id}
        words={settings[name]}
        judge={judge}
        placeholder={setting.text('add')}
        describedBy={setting.describedBy}
        onChange={setting.save}
      />
      <Problem id={setting.id} text={setting.problem} />
    </div>
  )
}
