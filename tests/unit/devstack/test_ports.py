import socket

from devstack.ports import answers, choose, is_free


def test_a_free_port_is_taken_as_preferred_and_a_used_one_is_not() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not is_free(port)
        assert answers(port)
        assert choose(port) != port
    assert is_free(port)
    assert not answers(port)
    assert choose(port) == port


def test_a_port_that_another_stack_waits_for_is_left_to_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert choose(port, {port}) != port
