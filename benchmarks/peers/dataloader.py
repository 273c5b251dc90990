"""PyTorch as it is usually written: a Dataset that converts one image, a DataLoader, a loop.

Threads, workers and optimizer are PyTorch's defaults.
"""

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from peers.job import Job, read_job, report
from peers.networks import network, optimizer


class Images(Dataset[tuple[Tensor, int]]):
    """Images and labels; an image is converted when it is asked for, as torchvision does."""

    def __init__(self, job: Job) -> None:
        self.images, self.labels = torch.from_numpy(job.images), job.labels.tolist()
        self.mean, self.std = job.workload.mean, job.workload.std

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, position: int) -> tuple[Tensor, int]:
        image = self.images[position]
        image = image.permute(2, 0, 1).contiguous() if image.ndim == 3 else image.flatten()
        return image.float().div(255).sub(self.mean).div(self.std), self.labels[position]


def main() -> None:
    job = read_job()
    loader = DataLoader(Images(job), batch_size=job.workload.batch, shuffle=True)
    model = network(job.workload)
    criterion = nn.CrossEntropyLoss()
    rule = optimizer(job.workload, model.parameters())
    step, last = 0, 0.0
    while step < job.steps:
        for images, labels in loader:
            rule.zero_grad()
            loss = criterion(model(images), labels)
            loss.backward()
            rule.step()
            last = loss.item()
            step += 1
            if step == job.steps:
                break
    report(last)


if __name__ == "__main__":
    main()
