"""The shell: what reads clocks, keeps time, holds the lease and keeps processes alive."""
