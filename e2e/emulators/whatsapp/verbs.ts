import { appStateFaultVerbs } from './verbs/app-state-faults'
import { faultVerbs } from './verbs/faults'
import { keepingVerbs } from './verbs/keeping'
import { peopleVerbs } from './verbs/people'
import { watchingVerbs } from './verbs/watching'

/** Everything the control API can do, each at `POST /control/<name>`. The client's types are made from this table. */
export const verbs = { ...peopleVerbs, ...keepingVerbs, ...watchingVerbs, ...faultVerbs, ...appStateFaultVerbs }

export type Verbs = typeof verbs
