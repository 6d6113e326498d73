import en from './en.json'
import es from './es.json'
import pt from './pt.json'
import routingEn from './routing.en.json'
import routingEs from './routing.es.json'
import routingPt from './routing.pt.json'

/** Everything the pages say, by language. Routing, settings, sync and banners have files of their own. */
export const catalogues = {
  en: { ...en, ...routingEn },
  es: { ...es, ...routingEs },
  pt: { ...pt, ...routingPt },
}
