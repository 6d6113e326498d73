/**
 * A thousand edits of tags and labels on both sides, with events of the CRM late, twice and out of order, and events of the
 * phones told again. Shared by the test and by the control that takes a rule away.
 */
import { sql } from 'drizzle-orm'
import { conflictMs } from '@/lib/bridge/labels/label-sync'
import { systemClock } from '@/lib/clock'
import type { LocationId } from '@/lib/ids'
import { startBridgeKit, type BridgeKit } from './bridge-kit'
import { labelPhone, type LabelPhone } from './label-phone'
import { createTagKit } from './tag-kit'

export interface Outcome {
  edits: number
  /** Where a side differs from the last word, or the sides from each other. */
  wrong: string[]
  appWrites: number
  labelChanges: number
}

const tags = ['hot', 'paid', 'vip']
const people = Array.from({ length: 6 }, (_, n) => `+1555010010${n}`)

/** Small and good enough (mulberry32); the seed is printed by who asks. */
export function createRandom(seed: number) {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (n: number) => Math.floor(next() * n)
  return {
    below,
    chance: (share: number) => next() < share,
    pick: <T>(from: readonly T[]): T => from[below(from.length)]!,
    takeFrom: <T>(from: T[]): T => from.splice(below(from.length), 1)[0]!,
  }
}

type Random = ReturnType<typeof createRandom>

interface Options {
  seed: number
  edits: number
  /** No pair is edited twice before all is settled, so the last word is known. Otherwise only equality is. */
  exact: boolean
  /** The first phone only tells, and the second is only told. */
  oneWay?: boolean
  stopAtFirst?: boolean
}

export async function editBothSides(options: Options): Promise<Outcome> {
  const random = createRandom(options.seed)
  const kit = await startBridgeKit()
  try {
    return await run(kit, random, options)
  } finally {
    await kit.close()
  }
}

async function run(
  kit: BridgeKit,
  random: Random,
  { edits, exact, oneWay = false, stopAtFirst }: Options,
): Promise<Outcome> {
  const kitTags = createTagKit(kit)
  // The CRM's pace is shown elsewhere.
  await kit.crm.set({ limits: { enforced: false }, webhooks: { order: 'loose' } })
  await kit.ctx.db.execute(sql`
    create function unpaced() returns trigger language plpgsql as $$
    begin new.spent_until := clock_timestamp() - interval '10 seconds'; return new; end $$`)
  await kit.ctx.db.execute(sql`
    create trigger unpaced before insert or update on crm_budgets for each row execute function unpaced()`)
  let nowMs = Date.now()
  kit.ctx.clock = { ...systemClock, now: () => new Date(nowMs), sleep: async () => {} }

  const locationId = await kit.subAccount()
  await kitTags.set(locationId, { tagMode: 'off', inboundTag: '', phoneReplyTag: '', pushedTags: tags })
  const phones: LabelPhone[] = []
  for (const n of [1, 2])
    phones.push(
      labelPhone(
        kit,
        await kitTags.session(locationId, n, { syncLabels: !oneWay || n === 1, pushTags: !oneWay || n === 2 }),
      ),
    )
  // What a side did may be told before its answer to the app comes.
  const lines = new Map(
    phones.map((phone) => {
      const changeLabel: typeof phone.line.changeLabel = async (change) => {
        await phone.line.changeLabel(change)
        if (random.chance(0.3)) await phone.tell(1 + random.below(3))
      }
      return [phone.owned.id, { owned: phone.owned, line: { ...phone.line, changeLabel } }]
    }),
  )
  for (const phone of phones) for (const person of people) await kitTags.write(phone.owned, person)
  await kitTags.work(lines)
  kit.webhooks.splice(0)
  const contacts = new Map((await kit.crm.contacts(locationId)).map((one) => [one.phone!, one.id]))

  const last = new Map<string, { isOn: boolean; crmAtMs: number }>()
  for (const person of people) for (const tag of tags) last.set(`${person} ${tag}`, { isOn: false, crmAtMs: 0 })
  const outcome: Outcome = { edits: 0, wrong: [], appWrites: 0, labelChanges: 0 }
  const pending: Buffer[] = []
  const kept: Buffer[] = []
  let copies = 0

  const crm = kit.ctx.highlevel
  const lateAnswer = async () => {
    if (!random.chance(0.5)) return
    await kit.crm.webhooksIdle()
    for (let n = random.below(4); n >= 0; n--) await hearOne()
  }
  kit.ctx.highlevel = {
    forSubAccount(of: LocationId) {
      const api = crm.forSubAccount(of)
      return {
        ...api,
        addTags: async (...asked) => (await api.addTags(...asked), await lateAnswer()),
        removeTags: async (...asked) => (await api.removeTags(...asked), await lateAnswer()),
      }
    },
  }
  const takeEvents = () => pending.push(...kit.webhooks.splice(0))
  const hearOne = async () => {
    takeEvents()
    if (pending.length === 0) return
    const body = random.takeFrom(pending)
    if (random.chance(0.2)) kept.push(body)
    await kitTags.accept(body)
  }
  /** Long after, under another id: the app must not need the CRM's ids to know it. */
  const hearAgain = async () => {
    if (kept.length > 0) await kitTags.accept(random.takeFrom(kept), `again-${++copies}`)
  }

  async function edit(person: string, tag: string): Promise<void> {
    const model = last.get(`${person} ${tag}`)!
    const isOn = exact ? !model.isOn : random.chance(0.5)
    const side = random.below(oneWay ? 2 : 3)
    if (side === 0) {
      const as = random.pick(['person', 'workflow'] as const)
      await kit.crm.tagContact(contacts.get(person)!, { [isOn ? 'add' : 'remove']: [tag], as })
      Object.assign(model, { isOn, crmAtMs: nowMs })
      return
    }
    const phone = phones[side - 1]!
    if (!phone.names().includes(tag)) {
      if (!isOn) return
      phone.make(tag)
    }
    if (isOn) phone.put(tag, person)
    else phone.take(tag, person)
    // So soon after the CRM's word against it, the CRM's counts.
    if (nowMs - model.crmAtMs >= conflictMs) model.isOn = isOn
  }

  async function settle(): Promise<void> {
    for (let quiet = 0; quiet < 2;) {
      await kit.crm.webhooksIdle()
      takeEvents()
      const isQuiet = pending.length === 0
      while (pending.length > 0) await kitTags.accept(random.takeFrom(pending))
      for (const phone of phones) await phone.tell()
      const before = phones.map((phone) => phone.asked.length).join()
      const writes = kit.webhooks.length
      await kitTags.work(lines)
      const worked = phones.map((phone) => phone.asked.length).join() !== before || kit.webhooks.length !== writes
      quiet = isQuiet && !worked ? quiet + 1 : 0
    }
  }

  async function compare(): Promise<void> {
    const inCrm = new Map((await kit.crm.contacts(locationId)).map((one) => [one.phone!, one.tags]))
    for (const person of people)
      for (const tag of tags) {
        const told = oneWay ? phones.slice(1) : phones
        const sides = [inCrm.get(person)!.includes(tag), ...told.map((phone) => phone.labelsOn(person).includes(tag))]
        const expected = exact ? last.get(`${person} ${tag}`)!.isOn : sides[0]!
        if (sides.some((side) => side !== expected))
          outcome.wrong.push(`after ${outcome.edits} edits, ${person} ${tag}: ${sides.join()} instead of ${expected}`)
        if (!exact) last.get(`${person} ${tag}`)!.isOn = sides[0]!
      }
  }

  while (outcome.edits < edits && !(stopAtFirst && outcome.wrong.length > 0)) {
    const pairs = [...last.keys()]
    const size = Math.min(edits - outcome.edits, 1 + random.below(14))
    const toldBefore = phones.map((phone) => phone.toldCount())
    for (let n = 0; n < size; n++) {
      const [person, tag] = (exact ? random.takeFrom(pairs) : random.pick(pairs)).split(' ') as [string, string]
      await edit(person, tag)
      outcome.edits += 1
      const chaos = random.below(8)
      if (chaos === 0) {
        await kit.crm.webhooksIdle()
        await hearOne()
      } else if (chaos === 1) await hearAgain()
      else if (chaos === 2) await random.pick(phones).tell(1 + random.below(3))
      else if (chaos === 3) await kitTags.workOnce(lines)
      else if (chaos === 4) {
        const index = random.below(phones.length)
        const told = phones[index]!.toldCount()
        phones[index]!.forgetToHaveTold(Math.min(1 + random.below(3), exact ? told - toldBefore[index]! : told))
      }
    }
    await settle()
    await compare()
    nowMs += random.below(20_000)
  }
  outcome.appWrites = (await kitTags.writes()).length
  outcome.labelChanges = phones.reduce((sum, phone) => sum + phone.asked.length, 0)
  return outcome
}
