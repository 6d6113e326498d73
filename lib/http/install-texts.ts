/** What people read while they install or open a tab of its own, in the languages of the pages. */
const en = {
  installed: 'Installed',
  installedHere: 'The app is installed. Open it in your CRM.',
  installedInAll: 'The app is installed in your sub-accounts. Open it in your CRM.',
  openCrm: 'Open your CRM',
  notInstalled: 'Not installed',
  notInstalledYet: 'Not installed yet',
  cancelled: 'The install was cancelled. Nothing was changed.',
  noCode: 'The CRM sent no code. Start the install again.',
  stateSpent: 'This install was finished before or began too long ago. Start it again.',
  codeRefused: 'The CRM did not accept the code: it was used or is too old. Start the install again.',
  paused: 'The CRM has paused this sub-account. Activate it there, then start the install again.',
  notNow: 'The install could not be finished just now. Wait a minute, then start it again.',
  tooOften: 'Too many installs were started from your network. Wait a minute, then start again.',
  startAgain: 'Start again',
  signingIn: 'Signing in',
  oneMoment: 'One moment…',
  tabCodeSpent: 'This link was used or is too old. Open a new tab from your CRM again.',
}

export type InstallTexts = Record<keyof typeof en, string>

const es: InstallTexts = {
  installed: 'Instalada',
  installedHere: 'La app está instalada. Ábrela en tu CRM.',
  installedInAll: 'La app está instalada en tus subcuentas. Ábrela en tu CRM.',
  openCrm: 'Abrir tu CRM',
  notInstalled: 'No instalada',
  notInstalledYet: 'Todavía no instalada',
  cancelled: 'La instalación se canceló. No se ha cambiado nada.',
  noCode: 'El CRM no envió ningún código. Vuelve a empezar la instalación.',
  stateSpent: 'Esta instalación ya terminó o empezó hace demasiado tiempo. Vuelve a empezarla.',
  codeRefused: 'El CRM no aceptó el código: ya se usó o es demasiado antiguo. Vuelve a empezar la instalación.',
  paused: 'El CRM ha pausado esta subcuenta. Actívala allí y vuelve a empezar la instalación.',
  notNow: 'La instalación no pudo terminarse ahora. Espera un minuto y vuelve a empezarla.',
  tooOften: 'Se han empezado demasiadas instalaciones desde tu red. Espera un minuto y vuelve a empezar.',
  startAgain: 'Volver a empezar',
  signingIn: 'Iniciando sesión',
  oneMoment: 'Un momento…',
  tabCodeSpent: 'Este enlace ya se usó o es demasiado antiguo. Vuelve a abrir una pestaña nueva desde tu CRM.',
}

const pt: InstallTexts = {
  installed: 'Instalado',
  installedHere: 'O app está instalado. Abra-o no seu CRM.',
  installedInAll: 'O app está instalado nas suas subcontas. Abra-o no seu CRM.',
  openCrm: 'Abrir o seu CRM',
  notInstalled: 'Não instalado',
  notInstalledYet: 'Ainda não instalado',
  cancelled: 'A instalação foi cancelada. Nada foi alterado.',
  noCode: 'O CRM não enviou nenhum código. Comece a instalação de novo.',
  stateSpent: 'Esta instalação já terminou ou começou há muito tempo. Comece de novo.',
  codeRefused: 'O CRM não aceitou o código: ele já foi usado ou é antigo demais. Comece a instalação de novo.',
  paused: 'O CRM pausou esta subconta. Ative-a lá e comece a instalação de novo.',
  notNow: 'A instalação não pôde ser concluída agora. Espere um minuto e comece de novo.',
  tooOften: 'Foram iniciadas instalações demais a partir da sua rede. Espere um minuto e comece de novo.',
  startAgain: 'Começar de novo',
  signingIn: 'Entrando',
  oneMoment: 'Um momento…',
  tabCodeSpent: 'Este link já foi usado ou é antigo demais. Abra uma nova aba a partir do seu CRM outra vez.',
}

export const installTexts = { en, es, pt } satisfies Record<string, InstallTexts>
export type InstallLanguage = keyof typeof installTexts
