"""What an owner or an oracle signs, written out once more by hand: one template for each message (SIGN-1)."""

from settlespec.domain.instruments import RoundStatement, SettlementStatement
from settlespec.domain.operations import Cancel, Place, Replace, Signed, Transfer, Withdraw


def content_of(chain: int, rollup: int, message: Signed) -> bytes:
    """The bytes that the owner of a message must have signed for this chain and rollup."""
    where = f'["{chain}","{rollup}"'
    match message:
        case Place():
            text = (
                f'{where},"place","{message.account}","{message.client_id}","{message.good_till}","{message.instrument}",'
                f'"{message.kind}","{message.nonce}","{word(message.post_only)}","{message.price}",'
                f'"{word(message.reduce_only)}","{message.side:d}","{message.size}","{message.time_in_force}",'
                f'"{message.valid_until}"]'
            )
        case Cancel():
            text = (
                f'{where},"cancel","{message.account}","{message.client_id}","{message.instrument}","{message.nonce}",'
                f'"{message.valid_until}"]'
            )
        case Replace():
            text = (
                f'{where},"replace","{message.account}","{message.client_id}","{message.good_till}",'
                f'"{message.instrument}","{message.nonce}","{message.price}","{message.size}","{message.valid_until}"]'
            )
        case Withdraw():
            text = (
                f'{where},"withdraw","{message.account}","{message.amount}","{message.nonce}","{message.valid_until}"]'
            )
        case Transfer():
            text = (
                f'{where},"transfer","{message.account}","{message.amount}","{message.nonce}","{message.recipient}",'
                f'"{message.valid_until}"]'
            )
    return text.encode()


def statement_content(statement: RoundStatement) -> bytes:
    """The bytes that each oracle must have signed."""
    quotes = ",".join(
        f"{quote.instrument}:{quote.mark}:{quote.funding_rate}" + "".join(f":{loss}" for loss in quote.losses)
        for quote in statement.quotes
    )
    where = f'["{statement.chain}","{statement.rollup}","statement"'
    return f'{where},"{statement.number}","{quotes}","{statement.timestamp}"]'.encode()


def settlement_content(statement: SettlementStatement) -> bytes:
    """The bytes that each oracle must have signed of a settlement value."""
    where = f'["{statement.chain}","{statement.rollup}","settlement"'
    return f'{where},"{statement.expiry}","{statement.instrument}","{statement.value}"]'.encode()


def word(value: bool) -> str:
    """A truth value as it is signed."""
    return "true" if value else "false"
