"""The collateral token: who has how much on the base layer, the vault of the rollup among them (rules VAULT-1 and VAULT-2).

A deposit is credited only when money really moved, and a payout is a movement of the same ledger, so that no quantum is made or lost:
wallets and vault together never change.
"""

from attrs import evolve, frozen
from immutables import Map


@frozen
class Vault:
    """The token's ledger as the rollup's contract sees it."""

    wallets: Map[bytes, int]
    """Quantums by owner's key; no entry for an owner with nothing."""
    balance: int = 0
    """Quantums that the rollup holds, never negative."""

    def taken(self, key: bytes, amount: int) -> "Vault | None":
        """VAULT-1: the amount moves from the owner's wallet to the vault; nothing happens where the wallet has less."""
        left = self.wallets.get(key, 0) - amount
        if left < 0:
            return None
        wallets = self.wallets.set(key, left) if left else self.wallets.delete(key)
        return Vault(wallets, self.balance + amount)

    def paid(self, key: bytes, amount: int) -> "Vault | None":
        """VAULT-2: the amount moves from the vault to the owner's wallet; nothing happens where the vault has less."""
        if amount > self.balance:
            return None
        wallets = self.wallets.set(key, self.wallets.get(key, 0) + amount)
        return evolve(self, wallets=wallets, balance=self.balance - amount)
