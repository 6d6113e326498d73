import { faultVerbs } from './verbs/faults'
import { peopleVerbs } from './verbs/people'
import { watchingVerbs } from './verbs/watching'

/** Everything the control API can do, each at `POST /control/<name>`. The client's types are made from this table. */
export const verbs = { ...peopleVerbs, ...watchingVerbs, ...faultVerbs }

export type Verbs = typeof verbs
