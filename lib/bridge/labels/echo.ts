/** Whether a mark a phone tells of is what is recorded already: told again, or our own change coming back. */
export const isMarkEcho = (recorded: boolean, told: boolean): boolean => recorded === told
