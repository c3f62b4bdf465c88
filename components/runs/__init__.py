"""What came of runs: the ledger read, judged and explained."""
