import threading

from engine.training.commands import Pause, Resume, Stop
from engine.worker.loop_control import LoopControl


def test_commands_come_once_and_in_order() -> None:
    control = LoopControl()
    assert control.take() == ()
    control.send(Pause())
    control.send(Stop())
    assert control.take() == (Pause(), Stop())
    assert control.take() == ()


def test_jobs_run_on_the_thread_of_the_loop_at_its_next_step() -> None:
    control = LoopControl()
    threads: list[int] = []
    done = threading.Event()

    def loop() -> None:
        while not done.is_set():
            control.take()
            done.wait(0.001)

    looping = threading.Thread(target=loop)
    looping.start()
    arrived = threading.Event()

    def job() -> None:
        threads.append(threading.get_ident())
        arrived.set()

    control.call(job)
    assert arrived.wait(60)
    done.set()
    looping.join()
    assert threads == [looping.ident]


def test_commands_do_not_wait_for_jobs() -> None:
    control = LoopControl()
    done: list[int] = []
    control.call(lambda: done.append(1))
    control.send(Stop())
    assert control.take() == (Stop(),)
    assert done == []
    assert control.take() == ()
    assert done == [1]


def test_a_paused_loop_does_jobs_and_waits_on() -> None:
    control = LoopControl()
    taken: list[object] = []
    waiting = threading.Thread(target=lambda: taken.extend(control.wait()))
    waiting.start()
    for _ in range(3):
        did = threading.Event()
        control.call(did.set)
        assert did.wait(60)
    assert waiting.is_alive()
    control.send(Resume())
    waiting.join(60)
    assert taken == [Resume()]


def test_jobs_left_by_a_loop_that_ended_can_still_be_done() -> None:
    control = LoopControl()
    done: list[int] = []
    control.call(lambda: done.append(1))
    control.do_jobs()
    control.do_jobs()
    assert done == [1]
