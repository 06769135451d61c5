/** Calls whose callers said how long they wait (`x-xingyun-deadline-ms`). */
import { DeadlineWheel, WheelDeadline } from '../../core/deadline-wheel.ts';
import { BODY_POSITION, type Exchange, type ExchangeIntake } from '../../core/exchange.ts';
import { problem } from '../../core/problems.ts';

const STEP_MS = 10;
const OVER = problem('deadline-exceeded', 'No answer came within x-xingyun-deadline-ms.');

/** What the front keeps of such a call. */
export interface PatientTransport {
  deadline: WheelDeadline<Exchange> | undefined;
}

export class CallerPatience {
  private readonly wheel = new DeadlineWheel<Exchange>(performance.now());
  private timer: NodeJS.Timeout | undefined;

  start(driver: Pick<ExchangeIntake, 'expire'>): void {
    const onDue = (exchange: Exchange) => expire(exchange, driver);
    this.timer = setInterval(() => this.wheel.advance(performance.now(), onDue), STEP_MS).unref();
  }

  begin(exchange: Exchange, deadlineMs: number): void {
    exchange.deadlineAtMs = exchange.arrival.arrivedMs + deadlineMs;
    const deadline = new WheelDeadline(exchange);
    transportOf(exchange).deadline = deadline;
    this.wheel.set(deadline, exchange.deadlineAtMs);
  }

  end(exchange: Exchange): void {
    const transport = transportOf(exchange);
    if (transport.deadline === undefined) return;
    this.wheel.delete(transport.deadline);
    transport.deadline = undefined;
  }

  close(): void {
    clearInterval(this.timer);
  }
}

/**
 * While its body arrives a call is in no room: what refuses it then is the next one that looks at
 * the time.
 */
function expire(exchange: Exchange, driver: Pick<ExchangeIntake, 'expire'>): void {
  if (exchange.position > BODY_POSITION) driver.expire(exchange, OVER);
}

function transportOf(exchange: Exchange): PatientTransport {
  return exchange.transport as unknown as PatientTransport;
}
