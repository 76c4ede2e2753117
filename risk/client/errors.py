"""What the client raises on purpose.

.. code-block:: text

    SeawallError
    ├── NoAnswer         nothing came back that counts; what was asked may have been done
    └── RequestRefused   Seawall understood and said no

A rejected order is a value, as everywhere in Seawall.
"""

from risk.errors import SeawallError


class NoAnswer(SeawallError):
    """Nothing came back that counts: whether it was done is not known.

    Parameters
    ----------
    what : str
        What was asked.
    problem : str
        Why nothing counts, as the rest of a sentence.
    may_be_done : bool
        Whether Seawall may have heard and done it all the same.
    """

    def __init__(self, what: str, problem: str, *, may_be_done: bool) -> None:
        super().__init__(f"no answer to {what}: {problem}")
        self.problem = problem
        self.may_be_done = may_be_done


class RequestRefused(SeawallError):
    """Seawall refused the request as a whole.

    Parameters
    ----------
    status : int
        Of HTTP, 400 to 499 or 501.
    error : str
        A short code, such as ``not_allowed``.
    message : str
        One sentence.
    may_be_done : bool
        Whether an earlier attempt of the same request may have been heard and done.
    """

    def __init__(self, status: int, error: str, message: str, *, may_be_done: bool = False) -> None:
        super().__init__(f"{message} ({error}, {status})")
        self.may_be_done = may_be_done
        self.status = status
        self.error = error
        self.message = message
