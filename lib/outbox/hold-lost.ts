/** The time to work a delivery ran out before its request left: whoever has it now does it. */
export class HoldLost extends Error {
  constructor(deliveryId: string) {
    super(`delivery ${deliveryId} was held too long to be worked`)
    this.name = 'HoldLost'
  }
}
