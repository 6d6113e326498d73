/** What mails say: what happened, to which number, what to do. Plain text, in the languages of the pages. No I/O. */
import type { SessionStatus } from '@/db/schema/sessions'
import { describeSession } from '../message/message'

export const mailLanguages = ['en', 'es', 'pt'] as const
export type MailLanguage = (typeof mailLanguages)[number]

interface SessionFacts {
  label: string
  phone: string | null
  status: SessionStatus
  reason: string | null
  since: string
}
interface EndFacts {
  at: string
  by: 'trial' | 'grant'
}

/** By kind, what a mail is made of. */
export interface MailFacts {
  down: SessionFacts
  slow: SessionFacts
  back: { label: string; phone: string | null }
  unassigned: { label: string; phone: string | null }
  still_linked: { label: string; phone: string | null; since: string }
  ends: EndFacts
  ended: EndFacts
  erasure: EndFacts
}
export type MailKind = keyof MailFacts
export type MailContent = { [Kind in MailKind]: { kind: Kind; facts: MailFacts[Kind] } }[MailKind]

export interface Place {
  subAccount: string
  /** The app's page of the sub-account. */
  link: string
}

interface Words {
  subject: string
  happened: string
  todo: string
}
type Texts = {
  [Kind in MailKind]: (facts: MailFacts[Kind], who: string, when: string) => Words
} & { frame: (place: Place) => { where: string; open: string; why: string } }

const down = (status: SessionStatus, reason: string | null): 'banned' | 'unlinked' | 'failed' =>
  status === 'banned' || reason === 'account_refused' ? 'banned' : status === 'logged_out' ? 'unlinked' : 'failed'

const texts: Record<MailLanguage, Texts> = {
  en: {
    down: ({ status, reason }, who, when) => ({
      ...{
        banned: {
          subject: `${who} is blocked by WhatsApp`,
          happened: `WhatsApp blocked ${who} on ${when}. Messages are neither sent nor received on this number.`,
          todo: 'Open WhatsApp on the phone and ask for a review. Link the number again once WhatsApp allows it.',
        },
        unlinked: {
          subject: `${who} must be scanned again`,
          happened: `${who} has not been linked since ${when}. Messages are neither sent nor received on this number.`,
          todo: 'Open Sessions and scan the code again with the phone of this number.',
        },
        failed: {
          subject: `${who} has an error`,
          happened: `${who} could not be connected since ${when}. Messages are neither sent nor received on this number.`,
          todo: 'Open Sessions, read what the card says and start the session again.',
        },
      }[down(status, reason)],
    }),
    slow: (_, who, when) => ({
      subject: `${who} is not connected`,
      happened: `The connection of ${who} has been coming and going since ${when}. Messages wait for it meanwhile.`,
      todo: 'Check that the phone has power and internet, then look at Sessions.',
    }),
    back: (_, who) => ({
      subject: `${who} is back online`,
      happened: `${who} is connected again. Messages are sent and received.`,
      todo: 'There is nothing to do.',
    }),
    unassigned: (_, who) => ({
      subject: `${who} is assigned to nobody now`,
      happened: `The user ${who} was assigned to is no longer in this sub-account.`,
      todo: 'Open Sessions and assign it to somebody else, or leave it without a user.',
    }),
    still_linked: (_, who, when) => ({
      subject: `${who} may still be linked on the phone`,
      happened: `${who} was given up here on ${when}, but WhatsApp could not be reached to be told so.`,
      todo: 'Open WhatsApp on the phone of this number, look under Linked devices and remove this device if it is still there.',
    }),
    ends: ({ by }, _, when) => ({
      subject:
        by === 'trial' ? 'The trial of your WhatsApp sessions ends soon' : 'Your WhatsApp sessions are paid until soon',
      happened: `${by === 'trial' ? 'The trial ends' : 'What is paid for ends'} on ${when}. Messages are not sent any more after that.`,
      todo: 'Pay before then, or ask who manages your account, to go on without a break.',
    }),
    ended: ({ by }, _, when) => ({
      subject:
        by === 'trial' ? 'The trial of your WhatsApp sessions has ended' : 'Your WhatsApp sessions must be paid for',
      happened: `${by === 'trial' ? 'The trial' : 'What was paid for'} ended on ${when}. Messages are not sent any more. What people write is received for 72 hours from then, afterwards the numbers are disconnected. They stay linked.`,
      todo: 'Pay, or ask who manages your account. The numbers go on without a new scan.',
    }),
    erasure: (_, __, when) => ({
      subject: 'Your WhatsApp sessions will be deleted',
      happened: `Nobody pays for your WhatsApp sessions. On ${when} their numbers are unlinked and the sessions are deleted.`,
      todo: 'Pay before then, or ask who manages your account, to keep them without a new scan.',
    }),
    frame: ({ subAccount, link }) => ({
      where: `Sub-account: ${subAccount}`,
      open: `Open it: ${link}`,
      why: 'You get this mail because you look after this sub-account. Its settings say who gets such mails.',
    }),
  },
  es: {
    down: ({ status, reason }, who, when) => ({
      ...{
        banned: {
          subject: `WhatsApp ha bloqueado ${who}`,
          happened: `WhatsApp bloqueó ${who} el ${when}. Este número no envía ni recibe mensajes.`,
          todo: 'Abre WhatsApp en el teléfono y pide una revisión. Vuelve a vincular el número cuando WhatsApp lo permita.',
        },
        unlinked: {
          subject: `Hay que volver a escanear ${who}`,
          happened: `${who} no está vinculado desde el ${when}. Este número no envía ni recibe mensajes.`,
          todo: 'Abre Sesiones y escanea de nuevo el código con el teléfono de este número.',
        },
        failed: {
          subject: `${who} tiene un error`,
          happened: `${who} no se ha podido conectar desde el ${when}. Este número no envía ni recibe mensajes.`,
          todo: 'Abre Sesiones, lee lo que dice la tarjeta e inicia la sesión de nuevo.',
        },
      }[down(status, reason)],
    }),
    slow: (_, who, when) => ({
      subject: `${who} no está conectado`,
      happened: `La conexión de ${who} se interrumpe desde el ${when}. Mientras tanto los mensajes esperan.`,
      todo: 'Comprueba que el teléfono tiene batería e internet y mira Sesiones.',
    }),
    back: (_, who) => ({
      subject: `${who} vuelve a estar en línea`,
      happened: `${who} está conectado de nuevo. Los mensajes se envían y se reciben.`,
      todo: 'No hay nada que hacer.',
    }),
    unassigned: (_, who) => ({
      subject: `${who} ya no está asignado a nadie`,
      happened: `El usuario al que estaba asignado ${who} ya no está en esta subcuenta.`,
      todo: 'Abre Sesiones y asígnalo a otra persona, o déjalo sin usuario.',
    }),
    still_linked: (_, who, when) => ({
      subject: `${who} puede seguir vinculado en el teléfono`,
      happened: `El ${when} se dejó ${who} aquí, pero no se pudo avisar a WhatsApp.`,
      todo: 'Abre WhatsApp en el teléfono de este número, mira en Dispositivos vinculados y elimina este dispositivo si sigue ahí.',
    }),
    ends: ({ by }, _, when) => ({
      subject:
        by === 'trial'
          ? 'La prueba de tus sesiones de WhatsApp termina pronto'
          : 'El pago de tus sesiones de WhatsApp termina pronto',
      happened: `${by === 'trial' ? 'La prueba termina' : 'Lo pagado termina'} el ${when}. Después ya no se envían mensajes.`,
      todo: 'Paga antes, o habla con quien administra tu cuenta, para seguir sin interrupción.',
    }),
    ended: ({ by }, _, when) => ({
      subject:
        by === 'trial'
          ? 'La prueba de tus sesiones de WhatsApp ha terminado'
          : 'Hay que pagar tus sesiones de WhatsApp',
      happened: `${by === 'trial' ? 'La prueba' : 'Lo pagado'} terminó el ${when}. Ya no se envían mensajes. Lo que escriben las personas se recibe durante 72 horas desde entonces; después los números se desconectan. Siguen vinculados.`,
      todo: 'Paga, o habla con quien administra tu cuenta. Los números siguen sin escanear de nuevo.',
    }),
    erasure: (_, __, when) => ({
      subject: 'Tus sesiones de WhatsApp se van a eliminar',
      happened: `Nadie paga tus sesiones de WhatsApp. El ${when} se desvinculan sus números y se eliminan las sesiones.`,
      todo: 'Paga antes, o habla con quien administra tu cuenta, para conservarlas sin escanear de nuevo.',
    }),
    frame: ({ subAccount, link }) => ({
      where: `Subcuenta: ${subAccount}`,
      open: `Ábrela: ${link}`,
      why: 'Recibes este correo porque te ocupas de esta subcuenta. Sus ajustes dicen quién recibe estos correos.',
    }),
  },
  pt: {
    down: ({ status, reason }, who, when) => ({
      ...{
        banned: {
          subject: `O WhatsApp bloqueou ${who}`,
          happened: `O WhatsApp bloqueou ${who} em ${when}. Este número não envia nem recebe mensagens.`,
          todo: 'Abra o WhatsApp no telefone e peça uma análise. Vincule o número de novo quando o WhatsApp permitir.',
        },
        unlinked: {
          subject: `É preciso escanear ${who} de novo`,
          happened: `${who} não está vinculado desde ${when}. Este número não envia nem recebe mensagens.`,
          todo: 'Abra Sessões e escaneie o código de novo com o telefone deste número.',
        },
        failed: {
          subject: `${who} tem um erro`,
          happened: `Não foi possível conectar ${who} desde ${when}. Este número não envia nem recebe mensagens.`,
          todo: 'Abra Sessões, leia o que o cartão diz e inicie a sessão de novo.',
        },
      }[down(status, reason)],
    }),
    slow: (_, who, when) => ({
      subject: `${who} não está conectado`,
      happened: `A conexão de ${who} está caindo desde ${when}. Enquanto isso, as mensagens esperam.`,
      todo: 'Verifique se o telefone tem bateria e internet e olhe Sessões.',
    }),
    back: (_, who) => ({
      subject: `${who} está online de novo`,
      happened: `${who} está conectado de novo. As mensagens são enviadas e recebidas.`,
      todo: 'Não há nada a fazer.',
    }),
    unassigned: (_, who) => ({
      subject: `${who} não está mais atribuído a ninguém`,
      happened: `O usuário ao qual ${who} estava atribuído não está mais nesta subconta.`,
      todo: 'Abra Sessões e atribua a outra pessoa, ou deixe sem usuário.',
    }),
    still_linked: (_, who, when) => ({
      subject: `${who} pode continuar vinculado no telefone`,
      happened: `Em ${when} ${who} foi deixado aqui, mas não foi possível avisar o WhatsApp.`,
      todo: 'Abra o WhatsApp no telefone deste número, olhe em Dispositivos conectados e remova este dispositivo se ainda estiver lá.',
    }),
    ends: ({ by }, _, when) => ({
      subject:
        by === 'trial'
          ? 'O teste das suas sessões do WhatsApp termina em breve'
          : 'O pagamento das suas sessões do WhatsApp termina em breve',
      happened: `${by === 'trial' ? 'O teste termina' : 'O que foi pago termina'} em ${when}. Depois disso, nenhuma mensagem é enviada.`,
      todo: 'Pague antes, ou fale com quem administra a sua conta, para continuar sem interrupção.',
    }),
    ended: ({ by }, _, when) => ({
      subject:
        by === 'trial'
          ? 'O teste das suas sessões do WhatsApp terminou'
          : 'É preciso pagar as suas sessões do WhatsApp',
      happened: `${by === 'trial' ? 'O teste' : 'O que foi pago'} terminou em ${when}. Nenhuma mensagem é mais enviada. O que as pessoas escrevem é recebido por 72 horas a partir daí; depois os números são desconectados. Eles continuam vinculados.`,
      todo: 'Pague, ou fale com quem administra a sua conta. Os números continuam sem escanear de novo.',
    }),
    erasure: (_, __, when) => ({
      subject: 'As suas sessões do WhatsApp serão excluídas',
      happened: `Ninguém paga as suas sessões do WhatsApp. Em ${when} os números são desvinculados e as sessões são excluídas.`,
      todo: 'Pague antes, ou fale com quem administra a sua conta, para mantê-las sem escanear de novo.',
    }),
    frame: ({ subAccount, link }) => ({
      where: `Subconta: ${subAccount}`,
      open: `Abra: ${link}`,
      why: 'Você recebe este e-mail porque cuida desta subconta. As configurações dela dizem quem recebe estes e-mails.',
    }),
  },
}

export function writeMail(
  language: MailLanguage,
  content: MailContent,
  place: Place,
): { subject: string; text: string } {
  const facts: { label?: string; phone?: string | null; since?: string; at?: string } = content.facts
  const who = facts.label === undefined ? '' : describeSession({ label: facts.label, phone: facts.phone ?? null })
  const moment = facts.since ?? facts.at
  const when = moment ? momentIn(language, moment) : ''
  // The facts belong to the kind: both come from one row that was written together.
  const say = texts[language][content.kind] as (facts: unknown, who: string, when: string) => Words
  const { subject, happened, todo } = say(content.facts, who, when)
  const { where, open, why } = texts[language].frame(place)
  return {
    subject: `${subject} · ${place.subAccount}`,
    text: `${happened}\n\n${todo}\n\n${where}\n${open}\n\n${why}\n`,
  }
}

/** In UTC, and saying so: nobody knows where it is read. */
const momentIn = (language: MailLanguage, iso: string): string =>
  `${new Intl.DateTimeFormat(language, { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' }).format(new Date(iso))} UTC`
